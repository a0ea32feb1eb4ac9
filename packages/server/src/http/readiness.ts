/**
 * Whether the node answers yet, or still, and if not why.
 *
 * @module
 */

import { RegistryError, type NotReady } from '@rollcall/protocol'

/** Parts of the node that are not ready, each with a reason for people. */
export class Readiness {
  readonly #reasons = new Map<string, string>()

  /** Says that a part is not ready. */
  block(part: string, reason: string): void {
    this.#reasons.set(part, reason)
  }

  /** Says that a part is ready. */
  allow(part: string): void {
    this.#reasons.delete(part)
  }

  get isReady(): boolean {
    return this.#reasons.size === 0
  }

  reasons(): NotReady['reasons'] {
    return [...this.#reasons].map(([part, reason]) => ({ part, reason }))
  }

  /** Throws `not_ready` while a part is not. */
  check(): void {
    if (this.isReady) return
    const reasons = this.reasons()
    const why = reasons.map(({ part, reason }) => `${part}: ${reason}`).join('; ')
    const message = `This node is not ready (${why}); ask another, or wait for GET /readyz.`
    throw new RegistryError('not_ready', message, { details: { reasons } })
  }
}
