import { expect, test } from 'vitest'
import { setUpPlane, type PlaneSetUp } from '../testing/index.ts'
import { REFUSE_MS } from './constants.ts'
import { UNKNOWN } from './entry.ts'
import type { StoredInstance } from './load.ts'
import { POLICY_ID } from './record.ts'
import { stampAt, type Origin } from './stamp.ts'

const TTL_MS = 90_000
const START_MS = 1_700_000_000_000
const EARLIER: Origin = { node: 'n1', inc: stampAt(START_MS - 60_000) }

interface StoredOf {
  readonly service?: string
  /** Wall time of all its stamps. */
  readonly stampedMs?: number
  readonly ttlMs?: number
}

/** A record as an earlier life of the node left it. */
function stored(id: string, about: StoredOf = {}): StoredInstance {
  const { service = 'web', stampedMs = START_MS - 10_000, ttlMs = TTL_MS } = about
  const stamp = { at: stampAt(stampedMs), by: EARLIER }
  return {
    key: { env: 'default', service, zone: 'z1', id },
    record: {
      life: {
        gen: stamp,
        cancelled: false,
        ver: stamp,
        evicted: false,
        home: EARLIER,
        tombAtMs: 0,
      },
      content: {
        gen: stamp,
        cver: stamp,
        said: stamp,
        registeredAtMs: stampedMs,
        upSinceMs: stampedMs,
        hostname: '',
        addresses: ['http://10.0.0.9:80'],
        version: '',
        weight: 1,
        tags: [],
        metadata: {},
        status: 'up',
        ttlMs,
      },
      override: null,
    },
  }
}

function setUp(options: PlaneSetUp = {}) {
  const harness = setUpPlane(options)
  return { ...harness, load: (...items: StoredInstance[]) => harness.plane.load(items) }
}

test('a loaded instance is shown for a full ttl, then hidden, and never evicted by us', () => {
  const { load, run, ids, entry, events } = setUp()
  expect(load(stored('a'))).toEqual({ loaded: 1, refused: 0, leftOut: 0 })
  expect(entry()?.record.life?.home).toBe(EARLIER)
  run(TTL_MS - 1_000)
  expect(ids()).toEqual(['a'])
  run(3_000)
  expect(ids()).toEqual([])
  expect(events()).toEqual(['loaded', 'hidden'])
})

test('whoever renews it at this node makes the node its home', () => {
  const { load, run, renew, ids, events } = setUp()
  load(stored('a'))
  run(60_000)
  expect(renew()).toEqual({ home: 'n1' })
  run(80_000)
  expect(ids()).toEqual(['a'])
  run(12_000)
  expect(events()).toEqual(['loaded', 'claimed', 'evicted'])
})

test('days on disk take nothing off its ttl; what nobody claims is then forgotten', () => {
  const { load, run, ids, entry } = setUp()
  load(stored('a', { stampedMs: START_MS - 5 * 86_400_000 }))
  run(TTL_MS - 1_000)
  expect(ids()).toEqual(['a'])
  run(5_000)
  expect(entry()).toBeUndefined()
})

test('loaded instances are no newcomers: when most of them stay silent, protection keeps them', () => {
  const { load, keepAlive, ids, entry, plane } = setUp()
  const names = Array.from({ length: 20 }, (_, at) => `i${at}`)
  load(...names.map((id) => stored(id)))
  expect(entry({ id: 'i0' })?.bornAtMs).toBe(UNKNOWN)
  keepAlive(names.slice(0, 5), 120_000)
  expect(ids()).toHaveLength(20)
  expect(plane.stats()).toMatchObject({ held: 15, protectedServices: 1 })
})

test('our own stamps are later than those loaded', () => {
  const { load, register, record } = setUp()
  const ahead = START_MS + 30_000
  load(stored('a', { stampedMs: ahead }))
  register({ id: 'b' })
  expect(record({ id: 'b' })?.life?.ver.at).toBeGreaterThan(stampAt(ahead))
})

test('nothing stamped more than a day ahead is taken, and all else is', () => {
  const { load, ids } = setUp()
  const farMs = START_MS + REFUSE_MS + 1
  const far = stored('far', { stampedMs: farMs })
  const overridden = stored('overridden')
  const over = { at: stampAt(farMs), by: EARLIER }
  const override = { ...overridden.record, override: { over, value: null } }
  const homed = stored('homed')
  const life = homed.record.life && { ...homed.record.life, home: { node: 'n2', inc: over.at } }
  const parts = [
    { ...overridden, record: override },
    { ...homed, record: { ...homed.record, life } },
  ]
  const near = stored('near', { stampedMs: START_MS + REFUSE_MS })
  expect(load(far, ...parts, near)).toEqual({ loaded: 1, refused: 3, leftOut: 0 })
  expect(ids()).toEqual(['near'])
})

test('only what lives, and policies, come from disk; the registry itself does not', () => {
  const { load, plane } = setUp()
  const { key, record } = stored('a')
  const tomb = record.life && { ...record.life, cancelled: true, tombAtMs: START_MS }
  const override = {
    over: { at: stampAt(START_MS), by: EARLIER },
    value: 'protection_forbidden',
  } as const
  const policy = { key: { ...key, id: POLICY_ID }, record: { life: null, content: null, override } }
  const lone = { key, record: policy.record }
  const tally = load(
    { key, record: { ...record, life: tomb } },
    lone,
    stored('n1', { service: 'infra.discovery' }),
    policy,
  )
  expect(tally).toEqual({ loaded: 1, refused: 3, leftOut: 0 })
  expect([...plane.core.table.entries()].map(({ id }) => id)).toEqual([POLICY_ID])
  expect(plane.protect({ env: 'default', service: 'web' }, 'forbid').forbidden).toBe(true)
})

test('there is room for policies and for what is known even when the node is full', () => {
  const { load, ids, register } = setUp({ limits: { instancesMax: 2 } })
  register({ id: 'a' })
  const override = { over: { at: stampAt(START_MS), by: EARLIER }, value: null }
  const policy = {
    key: { ...stored('a').key, id: POLICY_ID },
    record: { life: null, content: null, override },
  }
  expect(load(stored('b'), stored('c'), stored('a'), policy)).toEqual({
    loaded: 3,
    refused: 0,
    leftOut: 1,
  })
  expect(ids().sort()).toEqual(['a', 'b'])
})

test('what clients did meanwhile is newer than the disk, and keeps its deadline', () => {
  const { load, register, run, shown, ids, plane, ref } = setUp()
  register({ id: 'a' }, { version: 'new' })
  register({ id: 'gone' })
  plane.cancel(ref({ id: 'gone' }))
  run(60_000)
  load(stored('a'), stored('gone'))
  expect(shown()?.record.content.version).toBe('new')
  expect(ids()).toEqual(['a'])
  run(32_000)
  expect(ids()).toEqual([])
  expect(plane.stats()).toMatchObject({ live: 0, shown: 0, held: 0 })
})

test('loading the same again changes nothing but the hide time, and counts nobody twice', () => {
  const { load, run, ids, entry } = setUp()
  load(stored('a'))
  run(60_000)
  load(stored('a'))
  expect(entry()?.service.losses?.size).toBe(1)
  run(60_000)
  expect(ids()).toEqual(['a'])
})
