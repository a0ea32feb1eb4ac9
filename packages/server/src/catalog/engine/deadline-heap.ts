/**
 * A binary heap of deadlines. An item that is moved later is only noted as such: it is put in
 * its place when it comes to the top, so that a renewal costs nothing here.
 *
 * @module
 */

export interface Deadline {
  readonly id: number
  readonly atMs: number
}

export class DeadlineHeap {
  readonly #items: Deadline[] = []

  get first(): Deadline | undefined {
    return this.#items[0]
  }

  get size(): number {
    return this.#items.length
  }

  push(item: Deadline): void {
    const items = this.#items
    let at = items.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = items[parent]
      if (!above || above.atMs <= item.atMs) break
      items[at] = above
      at = parent
    }
    items[at] = item
  }

  pop(): Deadline | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (first && last && items.length > 0) this.#sink(last)
    return first
  }

  clear(): void {
    this.#items.length = 0
  }

  /** Puts an item in at the top and lets it down to its place. */
  #sink(item: Deadline): void {
    const items = this.#items
    let at = 0
    for (;;) {
      const left = at * 2 + 1
      const right = items[left + 1]
      let below = items[left]
      if (!below) break
      let child = left
      if (right && right.atMs < below.atMs) {
        below = right
        child = left + 1
      }
      if (below.atMs >= item.atMs) break
      items[at] = below
      at = child
    }
    items[at] = item
  }
}
