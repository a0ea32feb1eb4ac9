/**
 * When leases may have ended and when they must have, as far as their clients can know: never
 * sooner than a ttl after the last renewal that was confirmed, counted from when it was sent, nor
 * than a ttl after the node came back; and soon after a ttl without any.
 *
 * @module
 */

export const LEASE_TTL_MS = 2_000

/** A lease ends within half a second of its time on a quiet machine. */
const ENDS_WITHIN_MS = 5 * 500

/** What is known of one lease. Times are monotonic milliseconds. */
interface Lease {
  /** It ends no sooner. */
  aliveUntilMs: number
  /** It has ended by then. */
  goneByMs: number
  /** It was seen to have ended, and never comes back. */
  hasEnded: boolean
  /** Since when it was known to be there. */
  knownSinceMs: number
  /** Keys that were confirmed to be attached to it, and since when. */
  keys: readonly string[]
  keysSinceMs: number
}

/** What a node was seen to hold. */
export interface LeasesSeen {
  /** When they were asked for, and when the answer was there. */
  readonly askedMs: number
  readonly answeredMs: number
  /** Names of leases, or keys that end with one. */
  readonly names: ReadonlySet<string>
}

/** The leases of a run, each by a name of its own. */
export class LeaseBook {
  readonly #leases = new Map<string, Lease>()
  /** Those that may have been granted. */
  readonly #inDoubt = new Set<string>()

  asksFor(name: string): void {
    this.#inDoubt.add(name)
  }

  /** A grant or a renewal was confirmed that was sent at a time. */
  renewed(name: string, sentMs: number, answeredMs: number): readonly string[] {
    this.#inDoubt.delete(name)
    const lease = this.#lease(name)
    lease.knownSinceMs = Math.min(lease.knownSinceMs, answeredMs)
    lease.aliveUntilMs = Math.max(lease.aliveUntilMs, sentMs + LEASE_TTL_MS)
    lease.goneByMs = answeredMs + LEASE_TTL_MS + ENDS_WITHIN_MS
    return lease.hasEnded ? [`lease ${name} was renewed after its end`] : []
  }

  attached(name: string, keys: readonly string[], answeredMs: number): void {
    Object.assign(this.#lease(name), { keys, keysSinceMs: answeredMs })
  }

  /** A client was told that its lease is gone. */
  missed(name: string, answeredMs: number): readonly string[] {
    const lease = this.#lease(name)
    return this.#ended(name, lease, answeredMs)
  }

  /** The node was killed, and asked to come back; what was certainly there has a full ttl again. */
  cameBack(node: {
    readonly diedMs: number
    readonly startedMs: number
    readonly readyMs: number
  }): void {
    for (const lease of this.#leases.values()) {
      if (lease.hasEnded) continue
      if (lease.aliveUntilMs > node.diedMs) lease.aliveUntilMs = node.startedMs + LEASE_TTL_MS
      lease.goneByMs = node.readyMs + LEASE_TTL_MS + ENDS_WITHIN_MS
    }
    for (const name of this.#inDoubt) {
      this.#lease(name).goneByMs = node.readyMs + LEASE_TTL_MS + ENDS_WITHIN_MS
    }
  }

  /** Judges a list of leases. */
  leasesSeen({ askedMs, answeredMs, names }: LeasesSeen): readonly string[] {
    const problems: string[] = []
    for (const [name, lease] of this.#leases) {
      const isThere = names.has(name)
      if (isThere && lease.hasEnded) problems.push(`lease ${name} came back`)
      else if (isThere && askedMs > lease.goneByMs) {
        problems.push(`lease ${name} was there ${over(askedMs - lease.goneByMs)} too late`)
      } else if (!isThere && !lease.hasEnded && askedMs > lease.knownSinceMs) {
        problems.push(...this.#ended(name, lease, answeredMs))
      }
    }
    for (const name of names) {
      if (!this.#leases.has(name) && !this.#inDoubt.has(name))
        problems.push(`nobody asked for lease ${name}`)
    }
    return problems
  }

  /** Judges a list of keys that was asked for after the last list of leases. */
  keysSeen({ askedMs, answeredMs, names }: LeasesSeen): readonly string[] {
    const problems: string[] = []
    for (const [name, lease] of this.#leases) {
      const { keys, keysSinceMs, hasEnded, aliveUntilMs, goneByMs } = lease
      const there = keys.filter((key) => names.has(key)).length
      if (there > 0 && there < keys.length) {
        problems.push(`lease ${name} ended with ${keys.length - there} of ${keys.length} keys`)
      } else if (there > 0 && (hasEnded || askedMs > goneByMs)) {
        problems.push(`keys of lease ${name} were there after its end`)
      } else if (there < keys.length && askedMs > keysSinceMs && answeredMs < aliveUntilMs) {
        problems.push(`keys of lease ${name} were gone ${over(aliveUntilMs - answeredMs)} too soon`)
      }
    }
    return problems
  }

  /** When the last of them has to have ended. */
  get allGoneByMs(): number {
    return Math.max(0, ...[...this.#leases.values()].map(({ goneByMs }) => goneByMs))
  }

  #ended(name: string, lease: Lease, answeredMs: number): readonly string[] {
    lease.hasEnded = true
    const earlyMs = lease.aliveUntilMs - answeredMs
    return earlyMs > 0 ? [`lease ${name} ended ${over(earlyMs)} too soon`] : []
  }

  #lease(name: string): Lease {
    let lease = this.#leases.get(name)
    if (!lease) {
      lease = {
        aliveUntilMs: 0,
        goneByMs: Infinity,
        hasEnded: false,
        knownSinceMs: Infinity,
        keys: [],
        keysSinceMs: Infinity,
      }
      this.#leases.set(name, lease)
    }
    return lease
  }
}

function over(ms: number): string {
  return `${Math.ceil(ms)} ms`
}
