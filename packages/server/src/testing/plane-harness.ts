/**
 * One instance plane on a clock that the test moves, with what most tests do to it.
 *
 * @module
 */

import { seededRandom, silentLog } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { TICK_MS } from '../instances/constants.ts'
import type { Entry, ShownInstance } from '../instances/entry.ts'
import type { FactsRequest } from '../instances/facts.ts'
import {
  InstancePlane,
  type Evidence,
  type PlaneLimits,
  type Registered,
} from '../instances/index.ts'
import { noMetrics, type InstanceMetrics } from '../instances/instance-metrics.ts'
import { isLive, type InstanceRecord } from '../instances/record.ts'
import type { InstanceRef, ServiceKey } from '../model/instance-key.ts'

export interface PlaneSetUp {
  readonly limits?: Partial<PlaneLimits>
  readonly seed?: number
  readonly node?: string
  readonly wallStartMs?: number
  readonly metrics?: Partial<InstanceMetrics>
}

/** A place of an instance where only what matters to the test is said. */
export type PlaceOf = Partial<InstanceRef>

export interface PlaneHarness {
  readonly clock: FakeClock
  readonly plane: InstancePlane
  /** Moves the clock on and ticks every 250 ms, as `run` does. */
  readonly run: (ms: number) => void
  /** Stands still for `ms`, then ticks once. */
  readonly stall: (ms: number) => void
  readonly ref: (place?: PlaceOf) => InstanceRef
  readonly register: (
    place?: PlaceOf,
    facts?: Partial<FactsRequest>,
    session?: number,
  ) => Registered
  /** Registers `count` instances `prefix`0, `prefix`1, … and answers their ids. */
  readonly registerMany: (count: number, prefix?: string, place?: PlaceOf) => string[]
  readonly renew: (place?: PlaceOf, evidence?: Evidence) => { readonly home: string }
  /** Runs for `ms` while these ids renew every 30 s. */
  readonly keepAlive: (ids: readonly string[], ms: number, place?: PlaceOf) => void
  readonly ids: (service?: Partial<ServiceKey>) => string[]
  readonly shown: (place?: PlaceOf) => ShownInstance | undefined
  /** What the table holds under a key, shown or not. */
  readonly entry: (place?: PlaceOf) => Entry | undefined
  readonly record: (place?: PlaceOf) => InstanceRecord | undefined
  readonly events: (place?: PlaceOf) => string[]
}

const LIMITS: PlaneLimits = {
  instancesMax: 100_000,
  tombstonesMax: 100_000,
  changeRingSize: 10_000,
  defaultTtlMs: 90_000,
}
const RENEW_EVERY_MS = 30_000

/** Builds an empty plane in env `default`, zone `z1`; places default to instance `a` of service `web`. */
export function setUpPlane(setUp: PlaneSetUp = {}): PlaneHarness {
  const { limits, seed = 1, node = 'n1', metrics, wallStartMs } = setUp
  const clock = new FakeClock(wallStartMs)
  const plane = new InstancePlane({
    node,
    env: 'default',
    zone: 'z1',
    clock,
    random: seededRandom(seed),
    log: silentLog,
    metrics: { ...noMetrics, ...metrics },
    limits: { ...LIMITS, ...limits },
  })
  return harness(clock, plane)
}

function harness(clock: FakeClock, plane: InstancePlane): PlaneHarness {
  const ref = (place: PlaceOf = {}): InstanceRef => ({
    env: 'default',
    service: 'web',
    id: 'a',
    ...place,
  })
  const run = (ms: number) => {
    for (let left = ms; left > 0; left -= TICK_MS) {
      clock.advanceNow(Math.min(left, TICK_MS))
      plane.tick()
    }
  }
  const register = (place?: PlaceOf, facts: Partial<FactsRequest> = {}, session?: number) =>
    plane.register({
      ref: ref(place),
      facts: { addresses: ['http://10.0.0.1:80'], ...facts },
      session,
    })
  const renew = (place?: PlaceOf, evidence?: Evidence) => plane.renew(ref(place), evidence)
  const entry = (place?: PlaceOf) => {
    const { env, service, id, zone = 'z1' } = ref(place)
    return plane.core.table.find({ env, service, id, zone })
  }
  return {
    clock,
    plane,
    run,
    ref,
    register,
    renew,
    entry,
    stall(ms) {
      clock.stall(ms)
      plane.tick()
    },
    registerMany(count, prefix = 'i', place = {}) {
      const ids = Array.from({ length: count }, (_, at) => `${prefix}${at}`)
      for (const id of ids) register({ ...place, id })
      return ids
    },
    keepAlive(ids, ms, place = {}) {
      for (let left = ms; left > 0; left -= RENEW_EVERY_MS) {
        for (const id of ids) renew({ ...place, id })
        run(Math.min(left, RENEW_EVERY_MS))
      }
    },
    ids: (service = {}) =>
      [...plane.snapshot({ env: 'default', service: 'web', ...service }).instances].map(
        ({ id }) => id,
      ),
    shown(place) {
      const found = entry(place)
      return found?.isShown() === true ? found : undefined
    },
    record: (place) => entry(place)?.record,
    events: (place) => entry(place)?.history.map(({ event }) => event) ?? [],
  }
}

/** Counts everything that the plane keeps a count of again, from the table: both must always be equal. */
export function recount(plane: InstancePlane) {
  const { table, protection, tombstones } = plane.core
  const counted = { services: 0, live: 0, shown: 0, tombstones: 0, held: 0 }
  const byService: Record<string, readonly number[]> = {}
  const keptByService: Record<string, readonly number[]> = {}
  for (const service of table.services()) {
    const entries = [...service.entries()]
    const shown = entries.filter((entry) => entry.isShown())
    const up = shown.filter(({ record: { override, content } }) => {
      return (override?.value ?? content?.status) === 'up'
    })
    counted.services += Number(shown.length > 0)
    counted.live += entries.filter(({ record }) => isLive(record)).length
    counted.shown += shown.length
    counted.tombstones += entries.filter(({ record }) => record.life && !isLive(record)).length
    counted.held += entries.filter(({ heldSinceMs }) => heldSinceMs > 0).length
    const key = `${service.env} ${service.name}`
    const zones = [...service.shownByZone().values()].reduce((sum, count) => sum + count, 0)
    byService[key] = [entries.length, shown.length, up.length, shown.length]
    keptByService[key] = [service.records, service.shownCount, service.upCount, zones]
  }
  const { services, live, shown } = plane.stats()
  const kept = { services, live, shown, tombstones: tombstones.size, held: protection.heldCount }
  return { counted: { ...counted, byService }, kept: { ...kept, byService: keptByService } }
}
