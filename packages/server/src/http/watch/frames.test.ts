import { expect, test } from 'vitest'
import { frame, joined, withRevision } from './frames.ts'

const events = (revision: number, ...names: string[]) => {
  const [first = '', ...others] = names
  const all: [Buffer, ...Buffer[]] = [frame(first, {}), ...others.map((name) => frame(name, {}))]
  return withRevision(all, revision, names.length)
}
const textOf = (bytes: Buffer | undefined) => bytes?.toString() ?? ''
const idOf = (text: string) =>
  [...text.matchAll(/^id: (\d+)\nevent: (\w+)$/gm)].map((m) => [m[1], m[2]])

test('of several events of one revision only the last says that one may resume after it', () => {
  const one = events(7, 'a', 'b', 'c')
  expect(idOf(textOf(one.eventWithId))).toEqual([['7', 'c']])
  expect(textOf(one.earlier) + textOf(one.event)).not.toContain('id:')
  expect([one.changes, one.revision]).toEqual([3, 7])
})

test('frames that are joined are the same events in the same order, with ids and without', () => {
  const all = joined([events(7, 'a', 'b'), events(8, 'c'), events(9, 'd', 'e')])
  const withIds = textOf(all?.eventWithId)
  expect([...withIds.matchAll(/^event: (\w+)$/gm)].map((m) => m[1])).toEqual([
    'a',
    'b',
    'c',
    'd',
    'e',
  ])
  expect(idOf(withIds)).toEqual([
    ['7', 'b'],
    ['8', 'c'],
    ['9', 'e'],
  ])
  expect(textOf(all?.earlier) + textOf(all?.event)).toBe(withIds.replaceAll(/^id: .*\n/gm, ''))
  expect(textOf(all?.event)).toBe(textOf(frame('e', {})))
  expect([all?.changes, all?.revision]).toEqual([5, 9])
})

test('one frame stays as it is, and none is none', () => {
  const one = events(7, 'a')
  expect(joined([one])).toBe(one)
  expect(one.earlier).toBeUndefined()
  expect(joined([])).toBeUndefined()
})
