/**
 * What happens in a simulation, in order of time: the only thing that moves it.
 *
 * @module
 */

interface Event {
  readonly atMs: number
  /** Of two at one time the one asked for first comes first. */
  readonly order: number
  act: (() => void) | undefined
}

/** A binary heap of things to do, and the time of the one that is done now. */
export class EventQueue {
  #nowMs = 0
  #asked = 0
  readonly #heap: Event[] = []

  /** Milliseconds since the simulation began. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Does something once after `ms`, unless the returned function is called before. */
  after(ms: number, act: () => void): () => void {
    const event: Event = { atMs: this.#nowMs + Math.max(0, ms), order: this.#asked, act }
    this.#asked += 1
    this.#push(event)
    return () => {
      event.act = undefined
    }
  }

  /** Does everything that is due up to a time, and leaves it at that time. */
  runUntil(untilMs: number): void {
    for (let next = this.#heap[0]; next && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop()
      const { act } = next
      if (!act) continue
      next.act = undefined
      this.#nowMs = next.atMs
      act()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const above = (at - 1) >>> 1
      const parent = heap[above]
      if (!parent || isBefore(parent, event)) break
      heap[at] = parent
      at = above
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      const left = heap[below]
      if (!left) break
      const right = heap[below + 1]
      if (right && isBefore(right, left)) below += 1
      const child = heap[below]
      if (!child || isBefore(last, child)) break
      heap[at] = child
      at = below
    }
    heap[at] = last
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order)
}
