import type { Clock } from '@rollcall/runtime'
import { OrderedMap } from './ordered-map.ts'

/** How waiting for a revision ended. */
export type WaitEnd = 'reached' | 'late' | 'stopped'

interface Waiter {
  readonly revision: number
  readonly deadlineMs: number
  readonly end: (end: WaitEnd) => void
}

/**
 * Who waits for the view to reach a revision. A revision wakes those that it satisfies and
 * looks at no others. All waits of one duration share a timer: they end in the order in which
 * they began.
 */
export class RevisionWaiters {
  readonly #clock: Pick<Clock, 'after' | 'monotonicMs'>
  readonly #buckets = new OrderedMap<number, Set<Waiter>>()
  /** By duration. A set keeps the order of adding. */
  readonly #queues = new Map<number, Set<Waiter>>()
  #reached = 0
  #isStopped = false

  constructor(clock: Pick<Clock, 'after' | 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Durations are few and fixed. */
  wait(revision: number, withinMs: number): Promise<WaitEnd> {
    if (revision <= this.#reached) return Promise.resolve('reached')
    if (this.#isStopped) return Promise.resolve('stopped')
    return new Promise((end) => {
      const deadlineMs = this.#clock.monotonicMs() + withinMs
      const waiter = { revision, deadlineMs, end }
      this.#enqueue(withinMs, waiter)
      const bucket = this.#buckets.get(revision)
      if (bucket) bucket.add(waiter)
      else this.#buckets.set(revision, new Set([waiter]))
    })
  }

  /** Wakes everybody who waits for this revision or an earlier one. */
  reach(revision: number): void {
    this.#reached = Math.max(this.#reached, revision)
    for (;;) {
      const first = this.#buckets.minKey()
      if (first === undefined || first > revision) return
      for (const waiter of this.#buckets.get(first) ?? []) this.#end(waiter, 'reached')
    }
  }

  /** Ends all waits, and those that would begin later. */
  stop(): void {
    this.#isStopped = true
    for (const bucket of this.#buckets.valuesArray()) {
      for (const waiter of bucket) this.#end(waiter, 'stopped')
    }
  }

  #end(waiter: Waiter, end: WaitEnd): void {
    const bucket = this.#buckets.get(waiter.revision)
    bucket?.delete(waiter)
    if (bucket?.size === 0) this.#buckets.delete(waiter.revision)
    for (const queue of this.#queues.values()) queue.delete(waiter)
    waiter.end(end)
  }

  #enqueue(withinMs: number, waiter: Waiter): void {
    const queue = this.#queues.get(withinMs)
    if (queue) {
      queue.add(waiter)
      return
    }
    this.#queues.set(withinMs, new Set([waiter]))
    this.#expireAfter(withinMs, withinMs)
  }

  #expireAfter(ms: number, withinMs: number): void {
    this.#clock.after(ms, () => {
      const queue = this.#queues.get(withinMs) ?? new Set()
      const nowMs = this.#clock.monotonicMs()
      for (const waiter of queue) {
        if (waiter.deadlineMs > nowMs) {
          this.#expireAfter(waiter.deadlineMs - nowMs, withinMs)
          return
        }
        this.#end(waiter, 'late')
      }
      this.#queues.delete(withinMs)
    })
  }
}
