import { inLine, type Clock } from '@rollcall/runtime'
import { Slices } from '../engine/slices.ts'
import type { ResourceIndex, ResourceRow } from '../resources/resource-index.ts'
import { InvertedIndex } from './inverted-index.ts'

/** To take over a change costs as much as so many steps of a search. */
export const STEPS_PER_CHANGE = 16
/** What is done is forgotten when it is so much, and half of all. */
const FORGET_FROM = 4_096

interface Change {
  /** Undefined: it goes. */
  readonly row: ResourceRow | undefined
  readonly before: ResourceRow | undefined
}

/**
 * The index, a little behind the rows. A row costs it as much as everything else that is done
 * with one, and thousands may come in one revision, which the view takes in one step; half a
 * million come while it is built, and a node that has them may serve. So the index takes over
 * what changed in slices, and who searches takes over the rest first.
 */
export class SearchIndex implements ResourceIndex {
  readonly index: InvertedIndex
  readonly #clock: Clock | undefined
  #changes: Change[] = []
  #done = 0
  #isWorking = false

  /** Without a clock only searches take over what changed. */
  constructor(clock?: Clock, index = new InvertedIndex()) {
    this.#clock = clock
    this.index = index
  }

  /** How many changes the index has not taken over. */
  get behind(): number {
    return this.#changes.length - this.#done
  }

  put(row: ResourceRow, before: ResourceRow | undefined): void {
    this.#add({ row, before })
  }

  delete(row: ResourceRow): void {
    this.#add({ row: undefined, before: row })
  }

  /** Takes over one change, the oldest. Answers false when there is none. */
  takeOver(): boolean {
    const change = this.#changes[this.#done]
    if (!change) return false
    this.#done += 1
    if (this.#done === this.#changes.length) {
      this.#changes = []
      this.#done = 0
    } else if (this.#done >= FORGET_FROM && this.#done * 2 >= this.#changes.length) {
      this.#changes = this.#changes.slice(this.#done)
      this.#done = 0
    }
    const { row, before } = change
    if (row) this.index.put(row, before)
    else if (before) this.index.delete(before)
    return true
  }

  #add(change: Change): void {
    this.#changes.push(change)
    if (!this.#clock || this.#isWorking) return
    this.#isWorking = true
    this.#later(this.#clock)
  }

  #later(clock: Clock): void {
    inLine(clock, () => {
      const slices = new Slices(clock)
      while (this.takeOver()) {
        if (!slices.isOver(STEPS_PER_CHANGE)) continue
        this.#later(clock)
        return
      }
      this.#isWorking = false
    })
  }
}
