/**
 * Starting and stopping: whatever runs in the background is an actor.
 *
 * @module
 */

/** A task that runs until told to stop: a sweep, a watch, a listener. */
export interface Actor {
  /** Resolves once `signal` has aborted and nothing is left running. Rejects on failure. */
  run(signal: AbortSignal): Promise<void>
}

/** Makes one actor of many: when any of them ends, the rest are stopped and awaited. */
export function together(...actors: readonly Actor[]): Actor {
  return {
    async run(signal) {
      const stopping = new AbortController()
      const either = AbortSignal.any([signal, stopping.signal])
      const runs = actors.map((actor) =>
        actor.run(either).finally(() => {
          stopping.abort()
        }),
      )
      const ends = await Promise.allSettled(runs)
      const failures = ends.flatMap((end): unknown[] =>
        end.status === 'rejected' ? [end.reason] : [],
      )
      if (failures.length > 0) throw new AggregateError(failures, 'A part of the node failed.')
    },
  }
}

/** A running actor. Disposing stops it and waits; doing so twice is the same as once. */
export interface Running extends AsyncDisposable {
  /** Settles as the actor's `run` does. */
  readonly ended: Promise<void>
}

/** Starts an actor. Whoever starts it must look at `ended` or dispose the handle. */
export function start(actor: Actor): Running {
  const stopping = new AbortController()
  const ended = actor.run(stopping.signal)
  return {
    ended,
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await ended
    },
  }
}

/** Resolves when a signal aborts, or at once if it has. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else {
      signal.addEventListener(
        'abort',
        () => {
          resolve()
        },
        { once: true },
      )
    }
  })
}
