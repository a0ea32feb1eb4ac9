import { CHANGE_RING_LIMITS } from './limits.ts'
import type { HeldKey } from './view/kv-table.ts'

/** A key as it was put, which the view holds as well for as long as it is so, or the name of one that is gone. */
export type KeptChange = HeldKey | string

/** The changes of users' keys in one revision. */
export interface RevisionChanges {
  readonly revision: number
  readonly changes: readonly KeptChange[]
}

/** What a change costs beside its key and value. */
const CHANGE_OVERHEAD_BYTES = 64

/** The last changes of users' keys, so that a watcher that was away may go on where it was. */
export class ChangeRing {
  readonly #limits: { readonly changes: number; readonly bytes: number }
  /** From `#start` on; what lies before it was dropped, and is cut off now and then. */
  #kept: (RevisionChanges | undefined)[] = []
  #start = 0
  #changes = 0
  #bytes = 0
  #floor = 0

  constructor(limits: { readonly changes: number; readonly bytes: number } = CHANGE_RING_LIMITS) {
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

  append(changes: RevisionChanges): void {
    this.#kept.push(changes)
    this.#changes += changes.changes.length
    this.#bytes += bytesOf(changes)
    while (this.#changes > this.#limits.changes || this.#bytes > this.#limits.bytes) this.#drop()
  }

  /** Every revision with changes after `revision`, in order; undefined when some were dropped. */
  since(revision: number): readonly RevisionChanges[] | undefined {
    if (revision < this.#floor) return undefined
    let low = this.#start
    let high = this.#kept.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#kept[middle] as RevisionChanges).revision <= revision) low = middle + 1
      else high = middle
    }
    return this.#kept.slice(low) as RevisionChanges[]
  }

  #drop(): void {
    const oldest = this.#kept[this.#start] as RevisionChanges
    this.#kept[this.#start] = undefined
    this.#start += 1
    this.#changes -= oldest.changes.length
    this.#bytes -= bytesOf(oldest)
    this.#floor = oldest.revision
    if (this.#start * 2 <= this.#kept.length) return
    this.#kept = this.#kept.slice(this.#start)
    this.#start = 0
  }
}

function bytesOf({ changes }: RevisionChanges): number {
  let bytes = 0
  for (const change of changes) {
    bytes += CHANGE_OVERHEAD_BYTES
    if (typeof change === 'string') bytes += change.length
    else bytes += change.key.length + change.value.length
  }
  return bytes
}
