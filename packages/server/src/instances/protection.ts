/**
 * Decides who of the lapsed may leave, and keeps the others.
 *
 * Every lapsed instance is judged twice: as one of its service, and as one of all that this
 * node vouches for. It leaves when neither set holds it back, or when an operator said so.
 * Who leaves first is left to chance, so that no client list order decides.
 *
 * @module
 */

import { sample, type Clock, type Random } from '@rollcall/runtime'
import { HORIZON_MS, NODE_CEILING_MS, SERVICE_CEILING_TTLS } from './constants.ts'
import { UNKNOWN, type Entry } from './entry.ts'
import { ALL, LossSet } from './loss-set.ts'
import { POLICY_ID, type Override, type ProtectionPolicy } from './record.ts'
import type { ServiceTable } from './service-table.ts'
import { compareStamps } from './stamp.ts'

export interface ProtectionOptions {
  readonly clock: Pick<Clock, 'wallMs'>
  readonly random: Random
  readonly defaultTtlMs: number
  /** Whether other nodes vouch for instances too, so that newcomers may be theirs. */
  readonly isShared: () => boolean
  /** Removes a lapsed entry from view: evicts or hides it. */
  readonly leave: (entry: Entry) => void
  /** Marks an entry that stays although its deadline has passed. */
  readonly hold: (entry: Entry) => void
}

/** Why and how long a service's lapsed instances are kept. Times are epoch milliseconds. */
export interface ProtectionState {
  readonly reason: 'mass_lapse' | 'node_mass_lapse' | 'isolated'
  readonly sinceMs: number
  readonly held: number
  readonly endsAtMs: number
}

const SETTLE_ALL_MS = 1_000

export class Protection {
  readonly #options: ProtectionOptions
  readonly #node: LossSet
  readonly #holding = new Set<ServiceTable>()
  /** Lapsed since the last settlement. */
  #fresh: Entry[] = []
  #settledAllMs = 0

  constructor(options: ProtectionOptions) {
    this.#options = options
    this.#node = new LossSet({ ttlMs: options.defaultTtlMs, ceilingMs: () => NODE_CEILING_MS })
  }

  /** Services of which something is held. */
  get holdingCount(): number {
    return this.#holding.size
  }

  get heldCount(): number {
    return this.#node.held.size
  }

  /**
   * Counts an entry in or out of the two sets: `isCounted` of its service, `isOurs` of what this
   * node vouches for. With `bornAtMs` unknown it was there before us, and makes no loss good.
   */
  count(entry: Entry, { isCounted, isOurs, ttlMs }: Membership, nowMs: number): void {
    const countedIn = Number(isCounted) * OF_SERVICE + Number(isOurs) * OF_NODE
    const changed = countedIn ^ entry.countedIn
    if (changed === 0) return
    const { service } = entry
    if (isCounted) service.losses ??= new LossSet({ ttlMs, ceilingMs: serviceCeilingMs })
    // Who only changes hands is no newcomer to the new one, and none any more to its service.
    if (isCounted && changed === OF_NODE) forgetBirth(entry, nowMs, this.#node)
    const newcomer = entry.bornAtMs !== UNKNOWN
    if ((changed & OF_SERVICE) !== 0) {
      if (isCounted) service.losses?.fit(ttlMs, nowMs)
      if (isCounted) service.losses?.join(nowMs, newcomer)
      else service.losses?.quit(entry, nowMs)
    }
    if ((changed & OF_NODE) !== 0) {
      if (isOurs) this.#node.join(nowMs, newcomer)
      else this.#handOver(entry, nowMs)
    }
    entry.countedIn = countedIn
    if (countedIn === 0) entry.bornAtMs = UNKNOWN
    this.#tidy(service)
  }

  /** Whoever vouches for it now decides whether it stays. */
  #handOver(entry: Entry, nowMs: number): void {
    entry.service.losses?.recover(entry)
    this.#node.quit(entry, nowMs)
  }

  /** Another node has declared an entry dead: a loss of its service like any other. */
  lostElsewhere(entry: Entry, nowMs: number): void {
    if ((entry.countedIn & OF_SERVICE) === 0) return
    entry.service.losses?.lapse(entry, nowMs)
    this.#leave(entry, nowMs, false)
  }

  /** A deadline or hide time has passed; `settle` decides. */
  lapse(entry: Entry, nowMs: number): void {
    entry.service.losses?.lapse(entry, nowMs)
    this.#node.lapse(entry, nowMs)
    // Taken back as a newcomer once: it may lapse again, and another's count is not its own.
    entry.bornAtMs = UNKNOWN
    this.#holding.add(entry.service)
    this.#fresh.push(entry)
  }

  /** A sign of life from an entry that may be held. Answers whether it was. */
  recover(entry: Entry): boolean {
    if (!this.#node.held.has(entry)) return false
    entry.service.losses?.recover(entry)
    this.#node.recover(entry)
    this.#tidy(entry.service)
    return true
  }

  isHeld(entry: Entry): boolean {
    return this.#node.held.has(entry)
  }

  /** Lets leave what may leave now, and marks what has to stay. */
  settle(nowMs: number): void {
    const fresh = this.#fresh
    this.#fresh = []
    const { random } = this.#options
    const services = [...this.#due(fresh, nowMs)]
    for (const service of sample(services, services.length, random)) {
      this.#settleService(service, nowMs)
      this.#tidy(service)
    }
    for (const entry of fresh) if (this.isHeld(entry)) this.#options.hold(entry)
  }

  /** Judges one service again, now: an operator has spoken. */
  review(service: ServiceTable, nowMs: number): void {
    this.#settleService(service, nowMs)
    this.#tidy(service)
  }

  /** Services with new lapses at once, all that are holding once a second: they may be many. */
  #due(fresh: readonly Entry[], nowMs: number): ReadonlySet<ServiceTable> {
    if (nowMs - this.#settledAllMs < SETTLE_ALL_MS) return new Set(fresh.map((e) => e.service))
    this.#settledAllMs = nowMs
    return this.#holding
  }

  /** Forgets every lapse: after a long stall nobody's deadline means anything. */
  forgive(): Entry[] {
    const held = [...this.#node.held]
    for (const service of this.#holding) service.losses?.forgive()
    this.#node.forgive()
    this.#holding.clear()
    this.#fresh = []
    return held
  }

  /** Why a service's lapsed instances are kept; null where none are. */
  stateOf(service: ServiceTable, nowMs: number): ProtectionState | null {
    if (service.isolated && service.isolated.size > 0) return this.#isolation(service.isolated)
    const held = service.losses?.held.size ?? 0
    const own = service.losses?.protection()
    const protection = own ?? this.#node.protection()
    if (held === 0 || !protection) return null
    const wallMs = this.#options.clock.wallMs()
    return {
      reason: own ? 'mass_lapse' : 'node_mass_lapse',
      sinceMs: wallMs - (nowMs - protection.sinceMs),
      held,
      endsAtMs: wallMs + (protection.endsAtMs - nowMs),
    }
  }

  /** Kept because this node is cut off: at most until nobody has vouched for them within the horizon. */
  #isolation(isolated: ReadonlySet<Entry>): ProtectionState {
    const sinceMs = Math.min(...[...isolated].map(({ heldSinceMs }) => heldSinceMs))
    return { reason: 'isolated', sinceMs, held: isolated.size, endsAtMs: sinceMs + HORIZON_MS }
  }

  #settleService(service: ServiceTable, nowMs: number): void {
    const losses = service.losses
    if (!losses) return
    const { leave, random } = this.#options
    const policy = policyOf(service)
    const overruled = policy ? overruledBy(policy, losses) : []
    for (const entry of overruled) {
      this.#leave(entry, nowMs, true)
      leave(entry)
    }
    // What died here may have come back at another home, of which the node's own set knows nothing.
    const isMadeGood = this.#options.isShared() && losses.isMadeGood(nowMs)
    const allowedByNode = isMadeGood ? ALL : this.#node.allowance(nowMs)
    const allowed = Math.min(losses.allowance(nowMs), allowedByNode)
    if (allowed === 0) return
    const held = [...losses.held]
    for (const entry of allowed === ALL ? held : sample(held, allowed, random)) {
      this.#leave(entry, nowMs, isMadeGood)
      leave(entry)
    }
  }

  #leave(entry: Entry, nowMs: number, overruled: boolean): void {
    if ((entry.countedIn & OF_SERVICE) !== 0) entry.service.losses?.leave(entry, nowMs, overruled)
    if ((entry.countedIn & OF_NODE) !== 0) this.#node.leave(entry, nowMs, overruled)
    entry.countedIn = 0
    this.#tidy(entry.service)
  }

  #tidy(service: ServiceTable): void {
    if ((service.losses?.held.size ?? 0) === 0) this.#holding.delete(service)
  }
}

export interface Membership {
  readonly isCounted: boolean
  readonly isOurs: boolean
  readonly ttlMs: number
}

const OF_SERVICE = 1
const OF_NODE = 2

function forgetBirth(entry: Entry, nowMs: number, node: LossSet): void {
  entry.service.losses?.age(entry, nowMs)
  if ((entry.countedIn & OF_NODE) !== 0) node.age(entry, nowMs)
  entry.bornAtMs = UNKNOWN
}

/** Ten ttls, and never longer than a whole node is protected: a ttl may be a day. */
function serviceCeilingMs(ttlMs: number): number {
  return Math.min(SERVICE_CEILING_TTLS * ttlMs, NODE_CEILING_MS)
}

/** The operator's word on a service's protection: the latest of any zone. */
export function policyOf(service: ServiceTable): Override | undefined {
  return service
    .withId(POLICY_ID)
    .flatMap(({ record }) => record.override ?? [])
    .sort((left, right) => right.over.at - left.over.at)[0]
}

export function forbidsProtection(policy: Override | undefined): boolean {
  return policy?.value === ('protection_forbidden' satisfies ProtectionPolicy)
}

/**
 * "Forbidden" lets everything leave; "ended" what is held when this node learns of it, once.
 * By the clock it would not do: a stamp may be ahead of a wall clock that went back.
 */
function overruledBy(policy: Override, losses: LossSet): Entry[] {
  if (forbidsProtection(policy)) return [...losses.held]
  const isEnd = policy.value === ('protection_ended' satisfies ProtectionPolicy)
  if (!isEnd || (losses.endedBy && compareStamps(losses.endedBy, policy.over) === 0)) return []
  losses.endedBy = policy.over
  return [...losses.held].filter(({ heldSinceMs }) => heldSinceMs > 0)
}
