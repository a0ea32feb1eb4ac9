/**
 * Answers why an instance is, or is not, among what clients are shown.
 *
 * @module
 */

import type { ServiceKey } from '../model/instance-key.ts'
import type { Verdict } from '../model/vocabulary.ts'
import type { Entry, ShownInstance } from './entry.ts'
import type { History } from './history.ts'
import { lastRenewedWallMs } from './lapse.ts'
import type { PlaneCore } from './plane-core.ts'
import { effectiveStatus, POLICY_ID, statusOverride, type InstanceRecord } from './record.ts'

export interface ExplainQuery extends ServiceKey {
  readonly zone?: string | undefined
  /** Absent: the service as a whole, by its best instance. */
  readonly id?: string | undefined
}

export interface Place {
  readonly env: string
  readonly zone: string
  readonly id: string
}

export interface Explanation {
  readonly verdict: Verdict
  /** The verdict for a person. */
  readonly sentence: string
  readonly instance: ShownInstance | undefined
  /** Where else something of that name is shown. */
  readonly elsewhere: readonly Place[]
  readonly history: History
}

const ELSEWHERE_MAX = 20

export function explain(core: PlaneCore, query: ExplainQuery): Explanation {
  const elsewhere = placesElsewhere(core, query)
  const entry = bestEntry(core, query)
  const { verdict, because } = entry ? judge(core, entry) : judgeAbsence(query, elsewhere)
  return {
    verdict,
    sentence: `${subject(query)} ${because}`,
    instance: entry?.isShown() === true ? entry : undefined,
    elsewhere,
    history: entry?.history ?? [],
  }
}

interface Judgement {
  readonly verdict: Verdict
  readonly because: string
}

function judge(core: PlaneCore, entry: Entry): Judgement {
  const { record } = entry
  if (entry.isShown()) return judgeShown(core, entry)
  const when = new Date(record.life?.tombAtMs ?? 0).toISOString()
  if (record.life?.cancelled === true) {
    const because = `was cancelled at ${when}, by its client or in its name; only a new registration brings it back.`
    return { verdict: 'cancelled', because }
  }
  if (record.life?.evicted === true) {
    const because = `was evicted at ${when}, because it had not renewed for its ttl of ${ttlOf(record)} ms (${lastDetail(entry)}); its client must register again.`
    return { verdict: 'evicted', because }
  }
  if (entry.hidden) {
    const because = `is hidden: ${lastDetail(entry)}. A renewal at any node shows it again.`
    return { verdict: 'hidden', because }
  }
  return { verdict: 'never_registered', because: 'has never registered here.' }
}

function judgeShown(core: PlaneCore, entry: ShownInstance & Entry): Judgement {
  if (entry.service.isolated?.has(entry) === true) {
    const home = entry.record.life.home.node
    const because = `is shown although its home "${home}" is not heard: this node hears fewer than half of the members, and hides nothing of theirs meanwhile. Prefer others, or ask a node that hears more.`
    return { verdict: 'protected', because }
  }
  if (entry.heldSinceMs > 0) {
    const reason = core.protection.stateOf(entry.service, core.time.nowMs())?.reason
    const since = new Date(entry.heldSinceMs).toISOString()
    const because = `is shown although it has not renewed in time: protection (${reason ?? 'ending'}) keeps it since ${since}, because many lapsed at once. Prefer others, or end the protection of the service.`
    return { verdict: 'protected', because }
  }
  const status = effectiveStatus(entry.record)
  const renewedMs = lastRenewedWallMs(core, entry)
  if (status === 'up') {
    const seen =
      renewedMs === undefined ? '' : `, last renewal ${new Date(renewedMs).toISOString()}`
    return { verdict: 'visible', because: `is registered and shown as up${seen}.` }
  }
  const by =
    statusOverride(entry.record) === undefined
      ? 'its client says so'
      : 'an operator set that over its client'
  const because = `is registered, but its status is "${status}": ${by}. Clients send it no traffic.`
  return { verdict: 'held_by_status', because }
}

function judgeAbsence({ env, zone }: ExplainQuery, elsewhere: readonly Place[]): Judgement {
  const places = elsewhere.map((at) => `env "${at.env}", zone "${at.zone}"`)
  const where = [...new Set(places)].slice(0, 3).join('; ')
  if (elsewhere.some((place) => place.env === env)) {
    const because = `is not registered in zone "${zone ?? ''}" but in ${where}. Ask for that zone, or register there.`
    return { verdict: 'other_zone', because }
  }
  if (elsewhere.length > 0) {
    const because = `is not registered in env "${env}" but in ${where}. Ask for that env, or correct the client's.`
    return { verdict: 'other_env', because }
  }
  const because = `has never registered in env "${env}" with this node, as far back as it remembers (two hours). Check the client's server address, env and name.`
  return { verdict: 'never_registered', because }
}

/** The entry that the query is about: of several, the one that is nearest to being usable. */
function bestEntry(core: PlaneCore, query: ExplainQuery): Entry | undefined {
  const service = core.table.service(query)
  if (!service) return undefined
  const entries = query.id === undefined ? [...service.entries()] : service.withId(query.id)
  return entries
    .filter(({ id, zone }) => id !== POLICY_ID && (query.zone ?? zone) === zone)
    .reduce<Entry | undefined>(
      (best, entry) => (rank(entry) > rank(best) ? entry : best),
      undefined,
    )
}

function rank(entry: Entry | undefined): number {
  if (!entry) return 0
  if (entry.isShown())
    return effectiveStatus(entry.record) === 'up' && entry.heldSinceMs === 0 ? 5 : 4
  if (entry.hidden) return 3
  return entry.record.life ? 2 : 1
}

function placesElsewhere(core: PlaneCore, query: ExplainQuery): Place[] {
  const places: Place[] = []
  for (const service of core.table.named(query.service)) {
    const candidates = query.id === undefined ? service.shown() : service.withId(query.id)
    for (const entry of candidates) {
      const asked = service.env === query.env && (query.zone ?? entry.zone) === entry.zone
      if (asked || !('isShown' in entry) || !entry.isShown()) continue
      places.push({ env: service.env, zone: entry.zone, id: entry.id })
      if (places.length === ELSEWHERE_MAX) return places
    }
  }
  return places
}

function subject({ service, id }: ExplainQuery): string {
  return id === undefined ? `Service "${service}"` : `Instance "${id}" of "${service}"`
}

function ttlOf({ content }: InstanceRecord): number {
  return content?.ttlMs ?? 0
}

function lastDetail({ history }: Entry): string {
  return history.at(-1)?.detail ?? 'nothing more is known'
}
