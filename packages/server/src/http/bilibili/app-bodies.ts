/**
 * The body of an app, encoded once per change and shared by everyone who reads it.
 *
 * `renew_timestamp` is as of the encoding: a renewal is no change, and wakes nobody.
 *
 * @module
 */

import { DISCOVERY_SERVICE } from '@rollcall/protocol'
import { LRUCache } from 'lru-cache'
import type { InstancePlane, ServiceSnapshot, ShownInstance } from '../../instances/index.ts'
import type { ServiceKey } from '../../model/instance-key.ts'
import { cacheWeight } from '../cache-weight.ts'
import { encodeInstance, statusOf, type ShownAs } from './instances.ts'
import type { LatestTimes } from './latest-times.ts'
import type { TrafficPlans } from './traffic-plans.ts'

const CACHE_MAX_BYTES = 64 * 1_024 * 1_024

/** What a reader asks for. */
export interface AppQuery extends ServiceKey {
  /** Absent: all zones. */
  readonly zone?: string | undefined
  /** Bits of the statuses wanted. */
  readonly status: number
  /** `instances` as one list, for clients that expect that; else a list for each zone. */
  readonly isFlat?: boolean
}

export interface AppBody {
  /** Another number for every body. */
  readonly serial: number
  readonly app: string
  /** Whether there are instances in the zones asked for, of whatever status. */
  readonly exists: boolean
  /** No instance of the statuses asked for. */
  readonly isEmpty: boolean
  readonly latest: bigint
  readonly json: string
}

interface Cached {
  readonly token: string
  readonly plan: string | undefined
  readonly body: AppBody
}

export interface AppBodiesOptions {
  readonly instances: InstancePlane
  readonly plans: TrafficPlans
  readonly latestTimes: LatestTimes
}

export class AppBodies {
  readonly #options: AppBodiesOptions
  readonly #cache = new LRUCache<string, Cached>({
    maxSize: CACHE_MAX_BYTES,
    sizeCalculation: ({ body }, key) => cacheWeight(key, body.json.length),
  })
  #serial = 0

  constructor(options: AppBodiesOptions) {
    this.#options = options
  }

  /** The app as it is now, from the cache if it has not changed since. */
  get(query: AppQuery): AppBody {
    const { instances, plans, latestTimes } = this.#options
    const { env, service, zone = '', status, isFlat = false } = query
    const snapshot = instances.snapshot(this.sourceOf(query))
    const latest = latestTimes.of(query, snapshot)
    const plan = plans.get(query)
    const text = `${env} ${service} ${zone} ${status} ${isFlat}`
    const cached = this.#cache.get(text)
    const { token } = snapshot
    if (cached?.token === token && cached.plan === plan && cached.body.latest === latest) {
      return cached.body
    }
    const body = this.#encode(query, snapshot, { latest, plan })
    if (snapshot.known) this.#cache.set(text, { token, plan, body })
    return body
  }

  /** The service behind an app: clients look for the registry in their own env, and it is in ours. */
  sourceOf({ env, service }: ServiceKey): ServiceKey {
    const isRegistry = service === DISCOVERY_SERVICE
    return { env: isRegistry ? this.#options.instances.place.env : env, service }
  }

  #encode(
    query: AppQuery,
    snapshot: ServiceSnapshot,
    { latest, plan }: { readonly latest: bigint; readonly plan: string | undefined },
  ): AppBody {
    const zones = this.#encodeZones(query, placed(query, snapshot), latest)
    const all = [...zones.values()].flat()
    const byZone = `{${[...zones].map(([zone, of]) => `${JSON.stringify(zone)}:[${of.join(',')}]`).join(',')}}`
    const parts = query.isFlat
      ? [`"instances":[${all.join(',')}]`, `"zone_instances":${byZone}`]
      : [`"instances":${byZone}`]
    if (plan !== undefined) parts.push(`"scheduler":${plan}`)
    parts.push(`"latest_timestamp":${latest}`)
    this.#serial += 1
    return {
      serial: this.#serial,
      app: query.service,
      exists: zones.size > 0,
      isEmpty: all.length === 0,
      latest,
      json: `{${parts.join(',')}}`,
    }
  }

  /** Every zone with instances has a list, also where none is of the statuses asked for. */
  #encodeZones({ status }: AppQuery, placed: readonly Placed[], latest: bigint) {
    const { instances } = this.#options
    const zones = new Map<string, string[]>()
    for (const { shown, as } of placed) {
      const zone = as.zone ?? shown.zone
      const list = zones.get(zone) ?? []
      zones.set(zone, list)
      if ((statusOf(shown) & status) === 0) continue
      const { env, name } = shown.service
      const ref = { env, service: name, zone: shown.zone, id: shown.id }
      const { lastRenewedAtMs } = instances.instance(ref)
      list.push(encodeInstance(shown, { latest, renewedAtMs: lastRenewedAtMs }, as))
    }
    return zones
  }
}

interface Placed {
  readonly shown: ShownInstance
  readonly as: ShownAs
}

/** The instances in the zones asked for. The registry is in every zone: where it has no node, all of its nodes serve. */
function placed({ env, service, zone }: AppQuery, { instances }: ServiceSnapshot): Placed[] {
  const all = [...instances]
  const there = zone === undefined ? all : all.filter((shown) => shown.zone === zone)
  if (service !== DISCOVERY_SERVICE) return there.map((shown) => ({ shown, as: {} }))
  const as = there.length > 0 ? { env } : { env, zone }
  return (there.length > 0 ? there : all).map((shown) => ({ shown, as }))
}
