/**
 * Which of several things came before which, as far as it is known, and whether that can be.
 *
 * @module
 */

/** A graph of nodes by number. */
export class Precedence {
  readonly #after: number[][] = []
  readonly #before: number[] = []

  /** Adds a node, and answers its number. */
  add(): number {
    this.#after.push([])
    return this.#before.push(0) - 1
  }

  /** Says that one came before another. */
  order(first: number, second: number): void {
    this.#after[first]?.push(second)
    this.#before[second] = (this.#before[second] ?? 0) + 1
  }

  /** Answers nodes each of which came before the next, and the last before the first; empty where there are none. */
  cycle(): readonly number[] {
    const left = this.#leftOver()
    let [node] = left
    if (node === undefined) return []
    // Each that is left over has one before it that is, so going back ends in a circle.
    const origin = new Map<number, number>()
    for (const from of left) {
      for (const to of this.#after[from] ?? []) if (left.has(to)) origin.set(to, from)
    }
    const path: number[] = []
    while (node !== undefined && !path.includes(node)) {
      path.push(node)
      node = origin.get(node)
    }
    return path.slice(path.indexOf(node ?? -1)).reverse()
  }

  /** Those in circles, or after one. */
  #leftOver(): ReadonlySet<number> {
    const before = [...this.#before]
    const left = new Set(before.keys())
    const free = [...left].filter((node) => before[node] === 0)
    for (let node = free.pop(); node !== undefined; node = free.pop()) {
      left.delete(node)
      for (const next of this.#after[node] ?? []) {
        const count = (before[next] ?? 0) - 1
        before[next] = count
        if (count === 0) free.push(next)
      }
    }
    return left
  }
}
