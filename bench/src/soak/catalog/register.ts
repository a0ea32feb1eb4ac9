/**
 * Something with one writer: what was confirmed last, and what may have happened since.
 *
 * @module
 */

/** `undefined` is a value too: that there is nothing. */
export class Register {
  #confirmed: string | undefined
  #maybes: (string | undefined)[] = []

  /** What it surely is while nothing is in doubt. */
  get confirmed(): string | undefined {
    return this.#confirmed
  }

  /** Whether a write has no known outcome: what is written now could be overtaken by it. */
  get isInDoubt(): boolean {
    return this.#maybes.length > 0
  }

  /** A write was acknowledged. */
  confirm(value: string | undefined): void {
    this.#confirmed = value
  }

  /** A write was not answered. */
  doubt(value: string | undefined): void {
    this.#maybes.push(value)
  }

  /** Whether that can be what is there. */
  allows(found: string | undefined): boolean {
    return found === this.#confirmed || this.#maybes.includes(found)
  }

  /** Takes what was found for the truth; nothing is in doubt any more. */
  settle(found: string | undefined): void {
    this.#confirmed = found
    this.#maybes = []
  }
}
