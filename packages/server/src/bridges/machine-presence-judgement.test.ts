import { describe, expect, test } from 'vitest'
import type { Properties, Resource } from '../catalog/index.ts'
import {
  judge,
  stateOf,
  writtenBy,
  type Sight,
  type Verdict,
} from './machine-presence-judgement.ts'

const WALL_MS = 1_700_000_000_000
const WALL_S = WALL_MS / 1_000
const MINUTE_MS = 60_000
const SETTINGS = { deadAfterMs: 10 * MINUTE_MS, removeAfterMs: undefined, wallMs: WALL_MS }

const present: Sight = { kind: 'present' }
const held: Sight = { kind: 'held' }
const absentFor = (forMs: number): Sight => ({ kind: 'absent', forMs })
const gone = absentFor(10 * MINUTE_MS)

function rows(...all: readonly Properties[]): Resource[] {
  return all.map((properties, at) => ({
    id: `id${at}`,
    ns: `ns${at}`,
    type: 'machine',
    properties: { hostname: 'h', ...properties },
    revision: at + 1,
  }))
}

const online = { status: 'online' }
const dead = { status: 'dead' }
const offline = { status: 'offline' }

describe('one row', () => {
  test.each<[string, Properties, Sight, Verdict]>([
    ['online and there', online, present, 'keep'],
    ['online and just gone', online, absentFor(0), 'keep'],
    ['online and in its grace', online, absentFor(-1), 'keep'],
    ['online and gone for almost long enough', online, absentFor(10 * MINUTE_MS - 1), 'keep'],
    ['online and gone', online, gone, 'die'],
    ['online and held by protection', online, held, 'keep'],
    ['dead and still gone', dead, gone, 'keep'],
    ['dead and held', dead, held, 'keep'],
    ['dead and there again', dead, present, 'revive'],
    ['without a status and there', {}, present, 'revive'],
    ['with an empty status and there', { status: '' }, present, 'revive'],
    ['without a status and gone: nobody said that it was there', {}, gone, 'keep'],
    ['offline and there', offline, present, 'keep'],
    ['offline and gone', offline, gone, 'keep'],
    ['in a status of somebody else, there', { status: 'racked' }, present, 'keep'],
    ['in a status of somebody else, gone', { status: 'racked' }, gone, 'keep'],
  ])('%s', (...[, properties, sight, verdict]) => {
    expect(judge(stateOf(rows(properties)), sight, SETTINGS)).toBe(verdict)
  })
})

describe('an operator’s offline', () => {
  test.each<[string, string | undefined, Verdict]>([
    ['has no end', undefined, 'keep'],
    ['ends at its sleep', String(WALL_S), 'wake'],
    ['ends after its sleep', String(WALL_S - 86_400), 'wake'],
    ['does not end before its sleep', String(WALL_S + 1), 'keep'],
    ['has no end where sleep is 0', '0', 'keep'],
    ['has no end where sleep is empty', '', 'keep'],
    ['has no end where sleep is no number', 'tomorrow', 'keep'],
  ])('%s', (_what, sleep, verdict) => {
    const state = stateOf(rows({ ...offline, ...(sleep !== undefined && { sleep }) }))
    for (const sight of [present, held, gone]) expect(judge(state, sight, SETTINGS)).toBe(verdict)
  })

  test('of one row is one of the machine, and the latest sleep counts', () => {
    const past = String(WALL_S - 1)
    const future = String(WALL_S + 1)
    const verdictOf = (...all: Properties[]) => judge(stateOf(rows(...all)), gone, SETTINGS)
    expect(verdictOf(online, offline)).toBe('keep')
    expect(verdictOf({ ...offline, sleep: past }, { ...offline, sleep: future })).toBe('keep')
    expect(verdictOf({ ...offline, sleep: past }, offline)).toBe('keep')
    expect(verdictOf({ ...offline, sleep: past }, { ...dead, sleep: future })).toBe('wake')
  })
})

describe('several rows', () => {
  test('become one again', () => {
    const state = stateOf(rows(online, dead, {}))
    expect(state).toMatchObject({ status: 'mixed', revision: 3 })
    expect(judge(state, present, SETTINGS)).toBe('revive')
    expect(judge(state, gone, SETTINGS)).toBe('die')
  })

  test('one of them in a status of somebody else: none is touched', () => {
    expect(judge(stateOf(rows(online, { status: 'racked' })), gone, SETTINGS)).toBe('keep')
  })
})

describe('removal', () => {
  const settings = { ...SETTINGS, removeAfterMs: 60 * MINUTE_MS }
  const diedBefore = (ms: number) => ({ ...dead, deadSince: String((WALL_MS - ms) / 1_000) })

  test.each<[string, Properties, Sight, Verdict]>([
    ['dead for long enough', diedBefore(60 * MINUTE_MS), gone, 'remove'],
    ['not dead for long enough', diedBefore(59 * MINUTE_MS), gone, 'keep'],
    ['dead for long, but not long absent for this node', diedBefore(1e9), absentFor(1), 'keep'],
    ['dead for long, but there', diedBefore(1e9), present, 'revive'],
    ['dead for long, but held', diedBefore(1e9), held, 'keep'],
    ['dead since nobody knows when', dead, absentFor(69 * MINUTE_MS), 'keep'],
    ['that, absent for all the time', dead, absentFor(70 * MINUTE_MS), 'remove'],
    ['offline for long', { ...diedBefore(1e9), ...offline }, gone, 'keep'],
  ])('%s', (...[, properties, sight, verdict]) => {
    expect(judge(stateOf(rows(properties)), sight, settings)).toBe(verdict)
  })

  test('is never by default', () => {
    const state = stateOf(rows(diedBefore(1e10)))
    expect(judge(state, absentFor(1e10), SETTINGS)).toBe('keep')
  })
})

test('each verdict writes what it means, and takes away what no longer holds', () => {
  expect(writtenBy('die', WALL_MS + 999)).toEqual({ status: 'dead', deadSince: String(WALL_S) })
  expect(writtenBy('revive', WALL_MS)).toEqual({ status: 'online', deadSince: null })
  expect(writtenBy('wake', WALL_MS)).toEqual({ status: 'online', deadSince: null, sleep: null })
})
