/**
 * What falls due when, in slots of one second (Varghese and Lauck, "Hashed and Hierarchical
 * Timing Wheels", 1987). One flat ring is enough: the longest ttl is a day.
 *
 * Items carry their own links, so that moving one on (every renewal does) touches its
 * neighbours and allocates nothing, and a sweep touches what is due and nothing else.
 *
 * @module
 */

const SLOT_MS = 1_000
/** A day and a half of seconds: more than the longest ttl, so no two laps share a slot. */
const SLOTS = 131_072

/** What an item of the wheel must carry. The wheel alone writes these fields. */
export interface Timed<T> {
  /** Milliseconds on the plane's time; `NOT_DUE` while in no wheel. */
  dueAtMs: number
  wheelNext: T | null
  wheelPrevious: T | null
}

export const NOT_DUE = -1

export class TimingWheel<T extends Timed<T>> {
  readonly #heads = new Array<T | null>(SLOTS).fill(null)
  /** The first slot that has not been swept empty. */
  #slot: number

  constructor(nowMs: number) {
    this.#slot = Math.floor(nowMs / SLOT_MS)
  }

  /**
   * Puts an item in, or moves it. What is overdue comes out at the next sweep; what lies
   * further ahead than the ring is long comes out at its end.
   */
  schedule(item: T, dueAtMs: number): void {
    if (item.dueAtMs !== NOT_DUE) this.#unlink(item)
    const lastMs = (this.#slot + SLOTS - 1) * SLOT_MS
    item.dueAtMs = Math.min(Math.max(dueAtMs, this.#slot * SLOT_MS), lastMs)
    const index = indexOf(item.dueAtMs)
    const head = this.#heads[index] ?? null
    item.wheelNext = head
    item.wheelPrevious = null
    if (head) head.wheelPrevious = item
    this.#heads[index] = item
  }

  /** Takes an item out, if it is in. */
  cancel(item: T): void {
    if (item.dueAtMs === NOT_DUE) return
    this.#unlink(item)
    item.dueAtMs = NOT_DUE
  }

  /**
   * Hands out what fell due in whole seconds before `nowMs`, taken out of the wheel, at most
   * `limit` items; the rest comes at the next call.
   */
  sweep(nowMs: number, limit: number, visit: (item: T) => void): void {
    const endSlot = Math.floor(nowMs / SLOT_MS)
    let left = limit
    while (this.#slot < endSlot) {
      const index = this.#slot % SLOTS
      for (let item = this.#heads[index]; item; item = this.#heads[index]) {
        if (left === 0) return
        left -= 1
        this.cancel(item)
        visit(item)
      }
      this.#slot += 1
    }
  }

  #unlink(item: T): void {
    const { wheelNext, wheelPrevious } = item
    if (wheelNext) wheelNext.wheelPrevious = wheelPrevious
    if (wheelPrevious) wheelPrevious.wheelNext = wheelNext
    else this.#heads[indexOf(item.dueAtMs)] = wheelNext
    item.wheelNext = null
    item.wheelPrevious = null
  }
}

function indexOf(dueAtMs: number): number {
  return Math.floor(dueAtMs / SLOT_MS) % SLOTS
}
