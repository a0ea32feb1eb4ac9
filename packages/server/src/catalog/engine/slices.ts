/**
 * Long work that lets heartbeats through.
 *
 * @module
 */

import { inLine, type Clock } from '@rollcall/runtime'

/** Work at a stretch; heartbeats share the event loop. */
export const SLICE_MS = 10
/** A slice of which so much is gone has no room for a step that cannot be cut. */
const BEGUN_MS = 2
/** How many steps pass between two looks at the clock. */
const STEPS_PER_LOOK = 64

type SliceClock = Pick<Clock, 'after' | 'monotonicMs'>

/** Lets the event loop turn once. */
export function turn(clock: Pick<Clock, 'after'>): Promise<void> {
  return new Promise((resolve) => {
    clock.after(0, resolve)
  })
}

/** Cuts long work into slices, between which the event loop does what else there is to do. */
export class Slices {
  readonly #clock: SliceClock
  #startedMs: number
  #steps = 0

  constructor(clock: SliceClock) {
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
  }

  /** After some steps: whether to `pause` before the next. */
  isOver(steps = 1): boolean {
    this.#steps += steps
    if (this.#steps < STEPS_PER_LOOK) return false
    this.#steps = 0
    return this.#clock.monotonicMs() - this.#startedMs >= SLICE_MS
  }

  /** Before a step that takes a slice by itself: whether to `pause` first. */
  get isBegun(): boolean {
    return this.#clock.monotonicMs() - this.#startedMs >= BEGUN_MS
  }

  /** Goes on in a turn in which no other slice begins. */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      inLine(this.#clock, resolve)
    })
    this.#startedMs = this.#clock.monotonicMs()
  }
}

/** Does something to each item, in slices. */
export async function inSlices<T>(
  clock: SliceClock,
  items: Iterable<T>,
  act: (item: T) => void,
): Promise<void> {
  const slices = new Slices(clock)
  for (const item of items) {
    act(item)
    if (slices.isOver()) await slices.pause()
  }
}
