/**
 * What has to be cleaned up when a start fails half way, or later by whoever owns the result.
 *
 * @module
 */

/** Disposes what was added, the last first. */
export class Leftovers implements AsyncDisposable {
  #parts: AsyncDisposable[] = []

  /** Adds something, and hands it back. */
  use<T extends AsyncDisposable>(part: T): T {
    this.#parts.push(part)
    return part
  }

  /** Hands everything over to a new owner; disposing this one does nothing any more. */
  move(): Leftovers {
    const moved = new Leftovers()
    moved.#parts = this.#parts
    this.#parts = []
    return moved
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of this.#parts.splice(0).reverse()) await part[Symbol.asyncDispose]()
  }
}
