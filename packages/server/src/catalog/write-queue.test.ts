import { expect, test } from 'vitest'
import { WriteQueue, type Claims } from './write-queue.ts'

function setUp() {
  const queue = new WriteQueue()
  const began: string[] = []
  const ends = new Map<string, () => void>()
  const run = (name: string, claims: Claims) =>
    queue.run(claims, () => {
      began.push(name)
      return new Promise<void>((resolve) => ends.set(name, resolve))
    })
  const turns = async () => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
  }
  const end = async (name: string) => {
    ends.get(name)?.()
    await turns()
  }
  return { queue, began, run, end, turns }
}

test('who claims a line alone waits for those before, and those after wait for it', async () => {
  const t = setUp()
  const runs = [
    t.run('s1', { shared: ['a'] }),
    t.run('s2', { shared: ['a'] }),
    t.run('x', { exclusive: ['a', 'a'] }),
    t.run('s3', { shared: ['a'] }),
    t.run('other', { exclusive: ['b'] }),
  ]
  await t.turns()
  expect(t.began).toEqual(['s1', 's2', 'other'])
  await t.end('s1')
  expect(t.began).toHaveLength(3)
  await t.end('s2')
  expect(t.began.slice(3)).toEqual(['x'])
  await t.end('x')
  expect(t.began.slice(4)).toEqual(['s3'])
  await t.end('s3')
  await t.end('other')
  await Promise.all(runs)
  expect(t.queue.size).toBe(0)
})

test('a place is taken in all lines at once, so that nobody waits in a ring', async () => {
  const t = setUp()
  const runs = [
    t.run('1', { exclusive: ['a', 'b'] }),
    t.run('2', { exclusive: ['b', 'a'] }),
    t.run('3', { shared: ['a'], exclusive: ['c'] }),
  ]
  await t.turns()
  for (const name of ['1', '2', '3']) {
    expect(t.began.at(-1)).toBe(name)
    await t.end(name)
  }
  await Promise.all(runs)
})

test('what fails leaves its line', async () => {
  const t = setUp()
  const failed = t.queue.run({ exclusive: ['a'] }, () => Promise.reject(new Error('no')))
  await expect(failed).rejects.toThrow('no')
  const next = t.run('next', { exclusive: ['a'] })
  await t.turns()
  await t.end('next')
  await next
  expect(t.queue.size).toBe(0)
})
