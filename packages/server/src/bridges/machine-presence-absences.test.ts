import { expect, test } from 'vitest'
import { Absences } from './machine-presence-absences.ts'

const GRACE_MS = 30_000

function setUp() {
  const absences = new Absences({ graceMs: GRACE_MS })
  let nowMs = 1_000
  absences.listen(nowMs, true)
  return {
    absences,
    /** Has time pass, a second at a time. */
    pass: (ms: number, isHearing = true) => {
      for (let left = ms; left > 0; left -= 1_000) {
        nowMs += 1_000
        absences.listen(nowMs, isHearing)
      }
    },
    /** Stands still, then goes on. */
    stall: (ms: number) => {
      nowMs += ms
      absences.listen(nowMs, true)
    },
  }
}

test('a machine that was there is absent from when it went', () => {
  const { absences, pass } = setUp()
  absences.present('a')
  pass(60_000)
  expect(absences.absent('a')).toBe(0)
  pass(10_000)
  expect(absences.absent('a')).toBe(10_000)
})

test('one that was never heard of is absent only after its grace', () => {
  const { absences, pass } = setUp()
  expect(absences.absent('a')).toBe(-GRACE_MS)
  pass(40_000)
  expect(absences.absent('a')).toBe(10_000)
  expect(absences.absent('late')).toBe(-GRACE_MS)
})

test('one that comes back begins anew', () => {
  const { absences, pass } = setUp()
  absences.present('a')
  absences.absent('a')
  pass(10_000)
  absences.present('a')
  expect(absences.absent('a')).toBe(0)
})

test('time in which nothing could be heard counts for nobody, and all begin anew', () => {
  const { absences, pass } = setUp()
  absences.present('a')
  absences.absent('a')
  pass(50_000)
  pass(3_600_000, false)
  expect(absences.absent('a')).toBe(-GRACE_MS)
  pass(GRACE_MS + 5_000)
  expect(absences.absent('a')).toBe(5_000)
})

test('a stall is such a time', () => {
  const { absences, pass, stall } = setUp()
  absences.present('a')
  absences.absent('a')
  pass(50_000)
  stall(5_000)
  expect(absences.absent('a')).toBe(55_000)
  stall(600_000)
  expect(absences.absent('a')).toBe(-GRACE_MS)
})

test('who is forgotten, or not kept, is one that was never heard of', () => {
  const { absences, pass } = setUp()
  for (const hostname of ['a', 'b', 'c']) {
    absences.present(hostname)
    absences.absent(hostname)
  }
  pass(10_000)
  absences.forget('a')
  absences.keep(new Set(['a', 'b']))
  expect(['a', 'b', 'c'].map((hostname) => absences.absent(hostname))).toEqual([
    -GRACE_MS,
    10_000,
    -GRACE_MS,
  ])
})
