import { CHANGE_RING_LIMITS } from './limits.ts'

/** What one revision changed. */
export interface RevisionChanges<Change> {
  readonly revision: number
  readonly changes: readonly Change[]
}

/** What a change costs beside its content. */
const CHANGE_OVERHEAD_BYTES = 64

export interface RingLimits {
  readonly changes: number
  readonly bytes: number
}

/** The last changes of one kind, so that a watcher that was away may go on where it was. */
export class ChangeRing<Change> {
  readonly #bytesOfChange: (change: Change) => number
  readonly #limits: RingLimits
  /** From `#start` on; what lies before it was dropped, and is cut off now and then. */
  #kept: (RevisionChanges<Change> | undefined)[] = []
  #start = 0
  #changes = 0
  #bytes = 0
  #floor = 0

  constructor(bytesOfChange: (change: Change) => number, limits: RingLimits = CHANGE_RING_LIMITS) {
    this.#bytesOfChange = bytesOfChange
    this.#limits = limits
  }

  /** Forgets everything: what happened up to a revision is not known here. */
  restart(revision: number): void {
    this.#kept = []
    this.#start = 0
    this.#changes = 0
    this.#bytes = 0
    this.#floor = revision
  }

  append(changes: RevisionChanges<Change>): void {
    this.#kept.push(changes)
    this.#changes += changes.changes.length
    this.#bytes += this.#bytesOf(changes)
    while (this.#changes > this.#limits.changes || this.#bytes > this.#limits.bytes) this.#drop()
  }

  /** Every revision with changes after `revision`, in order; undefined when some were dropped. */
  since(revision: number): readonly RevisionChanges<Change>[] | undefined {
    if (revision < this.#floor) return undefined
    let low = this.#start
    let high = this.#kept.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#kept[middle] as RevisionChanges<Change>).revision <= revision) low = middle + 1
      else high = middle
    }
    return this.#kept.slice(low) as RevisionChanges<Change>[]
  }

  #drop(): void {
    const oldest = this.#kept[this.#start] as RevisionChanges<Change>
    this.#kept[this.#start] = undefined
    this.#start += 1
    this.#changes -= oldest.changes.length
    this.#bytes -= this.#bytesOf(oldest)
    this.#floor = oldest.revision
    if (this.#start * 2 <= this.#kept.length) return
    this.#kept = this.#kept.slice(this.#start)
    this.#start = 0
  }
  #bytesOf({ changes }: RevisionChanges<Change>): number {
    let bytes = 0
    for (const change of changes) bytes += CHANGE_OVERHEAD_BYTES + this.#bytesOfChange(change)
    return bytes
  }
}
