import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { SEARCH_LIMITS } from '../limits.ts'
import { Gate, Work } from './work.ts'

function setUp() {
  const clock = new FakeClock()
  const gate = new Gate(clock)
  const ending = new AbortController()
  const work = () => new Work({ clock, gate, ending: ending.signal })
  /** Does so much that it has to wait for its turn. */
  const long = async (name: string, entered: string[]) => {
    const one = work()
    await one.step(SEARCH_LIMITS.stepsAtOnce + 1)
    entered.push(name)
    return one
  }
  return { clock, gate, ending, work, long }
}

test('short work waits for nobody', async () => {
  const { work, long } = setUp()
  await long('long', [])
  const short = work()
  for (let steps = 0; steps < SEARCH_LIMITS.stepsAtOnce; steps += 1) {
    expect(short.step()).toBeUndefined()
  }
  expect(short.step()).toBeInstanceOf(Promise)
})

test('long work is done by one after the other', async () => {
  const { clock, long } = setUp()
  const entered: string[] = []
  const first = await long('first', entered)
  const second = long('second', entered)
  const third = long('third', entered)
  await clock.advance(50)
  expect(entered).toEqual(['first'])

  first.end()
  await clock.advance(0)
  expect(entered).toEqual(['first', 'second'])
  const last = await second
  last.end()
  last.end()
  await third
  expect(entered).toEqual(['first', 'second', 'third'])
})

test('those that follow each other share the slice of a turn', async () => {
  const { clock, long } = setUp()
  const entered: string[] = []
  const first = await long('first', entered)
  clock.stall(6)
  first.end()
  const second = await long('second', entered)
  clock.stall(6)
  second.end()

  const third = long('third', entered)
  await Promise.resolve()
  expect(entered).toEqual(['first', 'second'])
  await clock.advance(0)
  await third
  expect(entered).toEqual(['first', 'second', 'third'])
})

test('long work gives way after ten milliseconds', async () => {
  const { clock, long } = setUp()
  const work = await long('one', [])
  expect(work.step(1_000)).toBeUndefined()
  clock.stall(10)
  const pause = work.step(1_000)
  expect(pause).toBeInstanceOf(Promise)
  await clock.advance(0)
  await pause
  expect(work.step(1_000)).toBeUndefined()
})

test('work that nobody waits for any more ends at its next pause, and lets others in', async () => {
  const { clock, ending, long } = setUp()
  const entered: string[] = []
  const work = await long('one', entered)
  ending.abort()
  clock.stall(10)
  const pause = work.step(1_000)
  await Promise.all([
    expect(pause).rejects.toMatchObject({ code: 'unavailable' }),
    clock.advance(0),
  ])
  work.end()

  await Promise.all([
    expect(long('two', entered)).rejects.toMatchObject({ code: 'unavailable' }),
    clock.advance(0),
  ])
})

test('work that takes too long is ended', async () => {
  const { clock, long } = setUp()
  const work = await long('one', [])
  clock.stall(SEARCH_LIMITS.tookMs + 1)
  const pause = work.step(1_000)
  await Promise.all([
    expect(pause).rejects.toMatchObject({ code: 'limit_exceeded' }),
    clock.advance(0),
  ])
})

test('more than may wait are refused', async () => {
  const { long } = setUp()
  const entered: string[] = []
  await long('first', entered)
  for (let at = 0; at < SEARCH_LIMITS.waiting; at += 1) void long('waiting', entered)
  await expect(long('late', entered)).rejects.toMatchObject({ code: 'unavailable' })
})
