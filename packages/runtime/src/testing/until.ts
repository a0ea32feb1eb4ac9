/**
 * Waiting on a condition in real time, for tests with real processes and sockets.
 *
 * @module
 */

export interface UntilOptions {
  /** The deadline: five times what is expected, or more. */
  readonly withinMs: number
  readonly everyMs?: number
}

/** Asks again and again until the answer is not undefined; fails with what it was waiting for and the last error. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  { withinMs, everyMs = 25 }: UntilOptions,
): Promise<T> {
  const deadlineMs = performance.now() + withinMs
  let problem: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
      problem = undefined
    } catch (error) {
      problem = error
    }
    if (performance.now() > deadlineMs) {
      throw new Error(`Waited ${withinMs} ms in vain until ${what}.`, { cause: problem })
    }
    await new Promise((resolve) => {
      setTimeout(resolve, everyMs)
    })
  }
}
