import { expect, test } from 'vitest'
import type { Fault } from '../faults/fault.ts'
import type { Lease } from '../model/lease.ts'
import type { Change } from '../model/told.ts'
import { judgeLeases } from './lease-terms.ts'

const lease = (more: Partial<Lease> = {}): Lease => ({
  ttlMs: 2_000,
  keys: ['l/1/0', 'l/1/1'],
  confirmedMs: [1_000, 5_000],
  revokedMs: Infinity,
  missedMs: Infinity,
  ...more,
})
const end = (atMs: number, ...keys: string[]): Change => ({
  revision: 7,
  step: new Map(keys.map((key) => [key, null])),
  modRevisions: [],
  atMs,
})
const whole = (atMs: number) => end(atMs, 'l/1/0', 'l/1/1')
const stop = (fromMs: number, untilMs: number, leader = 0): Fault => ({
  kind: 'stop member',
  stopped: [0],
  leader,
  nextLeader: undefined,
  fromMs,
  untilMs,
})

test.each<[string, Lease, Change[], Fault[]]>([
  ['one that is there to the last', lease(), [], []],
  ['an end after its ttl', lease(), [whole(7_000)], []],
  ['an end that its holder asked for', lease({ revokedMs: 5_500 }), [whole(5_600)], []],
])('accepts %s', (...[, one, changes, faults]) => {
  expect(judgeLeases([one], changes, faults)).toEqual({ problems: [], excused: 0 })
})

test.each<[string, RegExp, Lease, Change[], Fault[]]>([
  ['an end before its ttl', /1001 ms early/, lease(), [whole(5_999)], []],
  ['an end before a renewal that was confirmed', /early/, lease(), [whole(4_000)], []],
  ['a holder that is told too early', /early/, lease({ missedMs: 6_000 }), [], []],
  [
    'an end before its holder asked for it',
    /early/,
    lease({ revokedMs: 6_500 }),
    [whole(6_000)],
    [],
  ],
  ['keys that end one by one', /only l\/1\/1 ended/, lease(), [end(8_000, 'l/1/1')], []],
  ['a leader that stood still for less', /early/, lease(), [whole(6_000)], [stop(4_500, 6_000)]],
  ['a member that does not lead', /early/, lease(), [whole(6_000)], [stop(3_000, 6_000, 1)]],
  [
    'a leader long after it woke up',
    /early/,
    lease({ confirmedMs: [20_000] }),
    [whole(21_000)],
    [stop(3_000, 6_000)],
  ],
])('refuses %s', (...[, words, one, changes, faults]) => {
  const { problems } = judgeLeases([one], changes, faults)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(words)
})

test('counts what the stated exception excuses', () => {
  const faults = [stop(3_000, 5_500)]
  expect(judgeLeases([lease()], [whole(6_000)], faults)).toEqual({ problems: [], excused: 1 })
})
