/**
 * One signal out of several, and out of time.
 *
 * Not `AbortSignal.any`: its results stay attached to a long-lived source, and a client makes
 * one of these per request.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'

/** Aborts with the first of its sources, until released. Whoever makes one releases it. */
export class LinkedSignal {
  readonly #controller = new AbortController()
  readonly #sources: readonly AbortSignal[]
  #stopTimer = () => {}

  constructor(...sources: readonly (AbortSignal | undefined)[]) {
    this.#sources = sources.filter((source) => source !== undefined)
    for (const source of this.#sources) {
      if (source.aborted) this.abort(source.reason)
      else source.addEventListener('abort', this.#onAbort)
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  abort(reason?: unknown): void {
    this.#controller.abort(reason)
  }

  /** Aborts with `reason` after `ms`, in place of an earlier limit. */
  limit(clock: Clock, ms: number, reason: Error): void {
    this.lift()
    this.#stopTimer = clock.after(ms, () => {
      this.abort(reason)
    })
  }

  /** Takes the limit of time away. */
  lift(): void {
    this.#stopTimer()
  }

  /** Settles as `work` does, but rejects at once when the signal aborts, whoever heeds it. */
  race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this
    const aborted = new Promise<never>((_, reject) => {
      const onAbort = () => {
        reject(reasonOf(signal))
      }
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
    })
    return Promise.race([work, aborted])
  }

  /** Lets go of the sources and of the clock. */
  release(): void {
    this.lift()
    for (const source of this.#sources) source.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (event: Event): void => {
    this.abort((event.target as AbortSignal).reason)
  }
}

/** Why a signal aborted, as an error. */
export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new Error(String(reason))
}
