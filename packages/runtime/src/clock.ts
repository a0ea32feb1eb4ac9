/**
 * Time as an argument. Deadlines use monotonic time and never leave the machine; wall time
 * is for people and for stamps.
 *
 * @module
 */

export interface Clock {
  /** Epoch milliseconds, whole. May jump. */
  wallMs(): number
  /** Milliseconds since some start, with a fraction. Never goes back. */
  monotonicMs(): number
  /** Resolves true after `ms`, or false as soon as `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<boolean>
  /** Calls `act` once after `ms`, unless the returned function is called before. */
  after(ms: number, act: () => void): () => void
}

/** The machine's own clock. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, act) {
    if (ms <= 0) {
      const immediate = setImmediate(act)
      return () => {
        clearImmediate(immediate)
      }
    }
    const timer = setTimeout(act, ms)
    return () => {
      clearTimeout(timer)
    }
  },
  sleep: (ms, signal) => sleepOn(systemClock, ms, signal),
}

/** Builds `sleep` on `after`, for clocks. Leaves no listener behind on the signal. */
export function sleepOn(
  clock: Pick<Clock, 'after'>,
  ms: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const onAbort = () => {
      cancel()
      resolve(false)
    }
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve(true)
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
