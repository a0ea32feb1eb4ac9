import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import type { Change, KeyValue } from '../../catalog/engine.ts'
import { OwnChanges, type OwnPuts } from './own-changes.ts'

const entry: KeyValue = {
  key: 'k',
  value: new Uint8Array(),
  createRevision: 3,
  modRevision: 7,
  lease: 0,
}
const CHANGES: readonly Change[] = [
  { kind: 'put', entry },
  { kind: 'delete', key: 'gone' },
]

function setUp() {
  const clock = new FakeClock()
  const own = new OwnChanges(clock)
  const answers: (OwnPuts | undefined)[] = []
  const ask = (revision: number) => {
    void own.putsOf(revision).then((puts) => answers.push(puts))
  }
  return { clock, own, answers, ask }
}

test('what a watch brings is told, whether it is asked for before or after', async () => {
  const { clock, own, answers, ask } = setUp()
  own.watching()
  ask(7)
  await clock.advance(0)
  expect(answers).toEqual([])
  own.brought(6, [])
  own.brought(7, CHANGES)
  ask(7)
  await clock.advance(0)
  const puts = new Map([['k', entry]])
  expect(answers).toEqual([puts, puts])
})

test('nobody waits where nothing is watched, or not any more', async () => {
  const { clock, own, answers, ask } = setUp()
  ask(7)
  await clock.advance(0)
  expect(answers).toEqual([undefined])
  const [one, two] = [own.watching(), own.watching()]
  ask(8)
  one()
  await clock.advance(0)
  expect(answers).toEqual([undefined])
  two()
  await clock.advance(0)
  expect(answers).toEqual([undefined, undefined])
})

test('a watch that says nothing is waited for a second', async () => {
  const { clock, own, answers, ask } = setUp()
  own.watching()
  ask(7)
  await clock.advance(999)
  expect(answers).toEqual([])
  await clock.advance(1)
  expect(answers).toEqual([undefined])
})
