/**
 * What one node must show, kept beside it by other means than its own, and the invariants
 * that hold the two together.
 *
 * @module
 */

import { TICK_MS } from '../src/instances/constants.ts'
import type { ShownInstance } from '../src/instances/index.ts'

export const TTL_MS = 9_000
export const HOUR_MS = 3_600_000
const SWEPT_WITHIN_MS = 2_000
const RELEASE_MS = 60_000
const SERVICE_CEILING_MS = 10 * TTL_MS
const PROTECTED_SIZE_MIN = 10

/** What the model knows of one instance. */
interface Known {
  readonly service: string
  /** Whether the node has vouched for it in its present life. */
  isOfThisLife: boolean
  /** From when its ttl counts: its last sign of life, or the long stall that gave it another. */
  ttlFromMs: number
  /** Registered, not cancelled, and not seen to leave since. */
  isLive: boolean
  isCancelled: boolean
  heldFromMs: number | undefined
}

interface Departure {
  readonly service: string
  readonly atMs: number
  /** The ceiling or an operator let it go: no quota. */
  readonly isFree: boolean
}

export class NodeModel {
  /** The plane's time by our own count: what is left of real time without stalls. */
  nowMs = 0
  readonly #known = new Map<string, Known>()
  readonly #sizes: { readonly service: string; readonly atMs: number; readonly size: number }[] = []
  readonly #births: { readonly service: string; readonly atMs: number }[] = []
  readonly #departures: Departure[] = []
  readonly #forbidden = new Set<string>()
  readonly #holdingFromMs = new Map<string, number>()
  /** Whether so many others are well that the node as a whole is never protected. */
  readonly #hasBallast: boolean

  constructor({ hasBallast }: { readonly hasBallast: boolean }) {
    this.#hasBallast = hasBallast
  }

  passed(ms: number): void {
    this.nowMs += ms
  }

  /** The loop stood still: late by more than a second the time does not count, by more than five it fences. */
  stalled(ms: number): void {
    const lateMs = ms - TICK_MS
    if (lateMs <= 1_000) {
      this.nowMs += ms
      return
    }
    this.nowMs += TICK_MS
    if (lateMs > 5_000) {
      for (const known of this.#known.values()) {
        // Whatever this life of the node was home of, or held, has a ttl for others to claim it.
        if (known.isOfThisLife || known.heldFromMs !== undefined) known.ttlFromMs = this.nowMs
        known.isOfThisLife = false
        known.heldFromMs = undefined
      }
      this.#holdingFromMs.clear()
    }
  }

  /** A registration or renewal was answered with success. */
  accepted(key: string, service: string): void {
    const known = this.#known.get(key)
    // Hidden things come back by a renewal; protection counts them as newly there too.
    if (known?.isLive !== true) this.#births.push({ service, atMs: this.nowMs })
    this.#known.set(key, {
      service,
      isOfThisLife: true,
      ttlFromMs: this.nowMs,
      isLive: true,
      isCancelled: false,
      heldFromMs: undefined,
    })
  }

  cancelled(key: string): void {
    const known = this.#known.get(key)
    if (!known) return
    known.isLive = false
    known.isCancelled = true
    known.heldFromMs = undefined
  }

  isCancelled(key: string): boolean {
    return this.#known.get(key)?.isCancelled ?? false
  }

  forbids(service: string, forbidden: boolean): void {
    if (forbidden) this.#forbidden.add(service)
    else this.#forbidden.delete(service)
  }

  /** Compares with what the node shows. `overruled`: an operator just ended protection there. */
  check(shown: ReadonlyMap<string, ShownInstance>, overruled?: string): void {
    for (const [key, known] of this.#known) {
      this.#checkOne(key, known, { instance: shown.get(key), overruled })
    }
    for (const key of shown.keys()) must(this.#known.has(key), `${key} came from nowhere`)
    this.#noteSizes(shown)
    // Only when somebody left: it is then that the quota was asked.
    if (this.#departures.at(-1)?.atMs !== this.nowMs) return
    for (const service of ['web', 'api']) this.#checkQuota(service)
    if (!this.#hasBallast) this.#checkQuota(undefined)
  }

  #checkOne(
    key: string,
    known: Known,
    { instance, overruled }: { instance: ShownInstance | undefined; overruled: string | undefined },
  ): void {
    const deadlineMs = known.ttlFromMs + TTL_MS
    if (known.isCancelled) must(!instance, `I2: ${key} was cancelled and is shown`)
    if (!known.isLive) {
      must(!instance, `${key} had left and is shown`)
      return
    }
    if (!instance) {
      must(this.nowMs >= deadlineMs, `I3: ${key} is missing ${deadlineMs - this.nowMs} ms early`)
      this.#departed(known, overruled)
      return
    }
    const isHeld = instance.heldSinceMs > 0
    must(!isHeld || this.nowMs >= deadlineMs, `I3: ${key} is held before its deadline`)
    const isLate = this.nowMs > deadlineMs + SWEPT_WITHIN_MS
    must(!isLate || isHeld, `I4: ${key} is shown ${this.nowMs - deadlineMs} ms after its deadline`)
    this.#checkHeld(key, known, isHeld)
  }

  #checkHeld(key: string, known: Known, isHeld: boolean): void {
    if (!isHeld) {
      known.heldFromMs = undefined
      return
    }
    known.heldFromMs ??= this.nowMs
    if (!this.#holdingFromMs.has(known.service)) {
      this.#holdingFromMs.set(known.service, this.nowMs)
    }
    const heldMs = this.nowMs - known.heldFromMs
    const nodeMs = this.#hasBallast ? 0 : HOUR_MS
    const mostMs = SERVICE_CEILING_MS + nodeMs + RELEASE_MS + SWEPT_WITHIN_MS
    must(heldMs <= mostMs, `${key} is held for ${heldMs} ms`)
    must(
      !this.#forbidden.has(known.service),
      `${key} is held though protection of ${known.service} is forbidden`,
    )
  }

  #departed(known: Known, overruled: string | undefined): void {
    known.isLive = false
    known.heldFromMs = undefined
    const { service } = known
    const fromMs = this.#holdingFromMs.get(service) ?? this.nowMs
    const isReleased = this.nowMs - fromMs >= SERVICE_CEILING_MS
    const isFree = isReleased || overruled === service || this.#forbidden.has(service)
    this.#departures.push({ service, atMs: this.nowMs, isFree })
  }

  #noteSizes(shown: ReadonlyMap<string, ShownInstance>): void {
    const sizes = new Map<string, { size: number; held: number }>()
    for (const { service, heldSinceMs } of shown.values()) {
      const count = sizes.get(service.name) ?? { size: 0, held: 0 }
      sizes.set(service.name, count)
      count.size += 1
      count.held += Number(heldSinceMs > 0)
    }
    for (const [service, { size, held }] of sizes) {
      // Of several looks at one time the last counts.
      const last = this.#sizes.findLastIndex((each) => each.service === service)
      if (this.#sizes[last]?.atMs === this.nowMs) this.#sizes.splice(last, 1)
      this.#sizes.push({ service, atMs: this.nowMs, size })
      if (held === 0) this.#holdingFromMs.delete(service)
    }
    // Who left a ttl ago did so in view of the two ttls and an eighth before.
    const memoryMs = 3.5 * TTL_MS
    forget(this.#sizes, this.nowMs - memoryMs)
    forget(this.#births, this.nowMs - memoryMs)
    forget(this.#departures, this.nowMs - memoryMs)
  }

  /**
   * Within one ttl no more leave than the quota and what newly came make good. Generous where
   * our window and the node's may differ, never where the quota itself is at stake.
   */
  #checkQuota(service: string | undefined): void {
    const isOf = (each: { readonly service: string }) => (service ?? each.service) === each.service
    const left = this.#departures.filter(
      (each) => isOf(each) && !each.isFree && each.atMs > this.nowMs - TTL_MS,
    ).length
    if (left <= 3) return
    const sizes = this.#sizes.filter(isOf)
    const inTime = sizes.filter(({ atMs }) => atMs >= this.nowMs - 2 * TTL_MS)
    const reference = largest(service ? inTime : summed(inTime))
    if (reference < PROTECTED_SIZE_MIN) return
    // The node may have frozen a larger reference than what we saw of late.
    const quota = Math.max(3, 0.15 * Math.max(reference, this.#greatest(service)))
    const came = this.#births.filter(isOf).length
    must(left <= quota + came, `${left} left ${service ?? 'the node'} within a ttl; came: ${came}`)
  }

  #greatest(service: string | undefined): number {
    let count = 0
    for (const known of this.#known.values()) {
      if (service === undefined || known.service === service) count += 1
    }
    return count
  }
}

/** Says what is wrong when something is. */
export function must(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Error(otherwise)
}

function forget(list: { readonly atMs: number }[], beforeMs: number): void {
  const keep = list.findIndex(({ atMs }) => atMs >= beforeMs)
  list.splice(0, keep === -1 ? list.length : keep)
}

type Size = { readonly service: string; readonly atMs: number; readonly size: number }

function summed(sizes: readonly Size[]): Size[] {
  const byTime = new Map<number, Size>()
  for (const size of sizes) {
    const before = byTime.get(size.atMs)?.size ?? 0
    byTime.set(size.atMs, { ...size, size: before + size.size })
  }
  return [...byTime.values()]
}

function largest(sizes: readonly Size[]): number {
  return sizes.reduce((most, { size }) => Math.max(most, size), 0)
}
