/**
 * When a long-running command ends: at a signal, with its parent, or with its reader.
 *
 * @module
 */

import type { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'

/** Says when to end. Disposing gives the signals back to the process. */
export interface Lifetime extends Disposable {
  readonly signal: AbortSignal
}

export interface LifetimeOptions {
  /** The process: emits `SIGINT` and its like. */
  readonly process: EventEmitter
  /** Ends together with the parent (`ROLLCALL_PARENT_PIPE`); undefined where nobody asked for that. */
  readonly parentPipe: Readable | undefined
  /** Aborts when nobody reads the output any more. */
  readonly outputGone: AbortSignal
  /** Ends the process without any farewell. */
  readonly exitAtOnce: (code: number) => void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** What a shell reports for a process that SIGINT ended. */
const EXIT_CODE_OF_SIGINT = 130

/** Listens for all that ends a command. The second SIGINT ends the process at once. */
export function openLifetime(options: LifetimeOptions): Lifetime {
  const { process, parentPipe, outputGone, exitAtOnce } = options
  const ending = new AbortController()
  let interrupts = 0
  const end = () => {
    ending.abort()
  }
  const onInterrupt = () => {
    interrupts += 1
    if (interrupts > 1) exitAtOnce(EXIT_CODE_OF_SIGINT)
    else end()
  }
  const listenerOf = (name: string) => (name === 'SIGINT' ? onInterrupt : end)
  for (const name of SIGNALS) process.on(name, listenerOf(name))
  const releasePipe = parentPipe && endWith(parentPipe, end)
  outputGone.addEventListener('abort', end)
  if (outputGone.aborted) end()
  return {
    signal: ending.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.off(name, listenerOf(name))
      outputGone.removeEventListener('abort', end)
      releasePipe?.()
    },
  }
}

/** A pipe that only the parent holds open ends with it, however it ended. What it says is not read. */
function endWith(pipe: Readable, end: () => void): () => void {
  const events = ['end', 'close', 'error'] as const
  for (const event of events) pipe.on(event, end)
  pipe.resume()
  if (pipe.readableEnded || pipe.destroyed) end()
  return () => {
    for (const event of events) pipe.off(event, end)
    // While it is read, it keeps the process alive.
    pipe.destroy()
  }
}
