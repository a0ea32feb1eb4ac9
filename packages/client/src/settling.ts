/**
 * Who waits for what to be confirmed.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol'

interface Waiter<T> {
  readonly open: Set<T>
  readonly resolve: () => void
  readonly reject: (error: RegistryError) => void
}

/** Promises that resolve when the items that were open when they were made no longer are. */
export class Settling<T> {
  #waiters: readonly Waiter<T>[] = []
  #stopped = false

  /** Resolves once none of these is open any more; rejects (`unavailable`) when stopped before. */
  of(open: ReadonlySet<T>): Promise<void> {
    if (open.size === 0) return Promise.resolve()
    if (this.#stopped) return Promise.reject(stoppedBefore(open.size))
    return new Promise((resolve, reject) => {
      this.#waiters = [...this.#waiters, { open: new Set(open), resolve, reject }]
    })
  }

  /** Looks again at what is open. */
  check(isOpen: (item: T) => boolean): void {
    this.#waiters = this.#waiters.filter(({ open, resolve }) => {
      for (const item of open) if (!isOpen(item)) open.delete(item)
      if (open.size === 0) resolve()
      return open.size > 0
    })
  }

  /** Nothing will be confirmed any more. */
  stop(): void {
    this.#stopped = true
    for (const { open, reject } of this.#waiters) reject(stoppedBefore(open.size))
    this.#waiters = []
  }
}

function stoppedBefore(count: number): RegistryError {
  const message = 'The registrar stopped before a server confirmed everything.'
  return new RegistryError('unavailable', message, { details: { count } })
}
