/**
 * Makes this node's stamps: never twice the same, never behind what it has seen.
 *
 * Clients name their word by its number alone. So two nodes that outdo the same stamp, which is
 * ahead of both their clocks, go by as much as their names say, and come to different numbers.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import { FOLLOW_MS, REFUSE_MS } from './constants.ts'
import { stampAt, type Origin, type Stamp } from './stamp.ts'

export class HybridClock {
  readonly #clock: Pick<Clock, 'wallMs'>
  readonly #node: string
  readonly #stride: number
  #last = 0
  #origin: Origin

  /** Starts a first incarnation of the node. */
  constructor(node: string, clock: Pick<Clock, 'wallMs'>) {
    this.#clock = clock
    this.#node = node
    this.#stride = strideOf(node)
    this.#origin = { node, inc: this.#tick() }
  }

  /** Who writes now. The same object for as long as the incarnation lasts. */
  get origin(): Origin {
    return this.#origin
  }

  /** The greatest stamp number made here or followed; the next life must begin after it. */
  get last(): number {
    return this.#last
  }

  /** Begins a new incarnation: at the start, and after a long stall. */
  reincarnate(): Origin {
    this.#origin = { node: this.#node, inc: this.#tick() }
    return this.#origin
  }

  /**
   * Begins a new incarnation after what an earlier life of the node had reached, so that none
   * comes twice when the wall clock went back.
   */
  startAfter(last: number): Origin {
    // Further ahead, the wall clock was wrong then, and peers would refuse what we make from there.
    if (last <= stampAt(this.#clock.wallMs() + REFUSE_MS)) this.#last = Math.max(this.#last, last)
    return this.reincarnate()
  }

  /**
   * A stamp later than every one made here and than those given. What is far ahead is
   * outdone for this one write, but does not drag the clock along.
   */
  next(...previous: readonly (Stamp | undefined)[]): Stamp {
    let at = this.#tick()
    for (const stamp of previous) if (stamp && stamp.at >= at) at = stamp.at + this.#stride
    return { at, by: this.#origin }
  }

  /** Takes note of a stamp made elsewhere, or in an earlier life. */
  observe(at: number): void {
    if (at <= this.#last || at > stampAt(this.#clock.wallMs() + FOLLOW_MS)) return
    this.#last = at + this.#stride - 1
  }

  #tick(): number {
    this.#last = Math.max(stampAt(this.#clock.wallMs()), this.#last + 1)
    return this.#last
  }
}

/** A prime, and so small that nodes which outdo each other all the time stay behind their clocks. */
const STRIDES = 61

/** 1 to 61; names of nodes that differ in one character only have different ones. */
function strideOf(node: string): number {
  let stride = 0
  for (const character of node) stride = (31 * stride + (character.codePointAt(0) ?? 0)) % STRIDES
  return stride + 1
}
