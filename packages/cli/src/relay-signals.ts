/**
 * Signals for a command that runs under this one: they are its business, not ours.
 *
 * @module
 */

import type { EventEmitter } from 'node:events'

export interface RelayOptions {
  /** The process: emits `SIGINT` and its like. */
  readonly process: EventEmitter
  /** Whether a terminal is attached: that sends its own signals to the command as well. */
  readonly hasTerminal: boolean
  readonly to: (signal: NodeJS.Signals) => void
}

const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2'] as const
const FROM_TERMINAL: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT'])

/** Hands signals on in place of obeying them, until disposed; those of a terminal only where there is none. */
export function relaySignals({ process, hasTerminal, to }: RelayOptions): Disposable {
  const listeners = SIGNALS.map((name) => {
    const listener = () => {
      if (!hasTerminal || !FROM_TERMINAL.has(name)) to(name)
    }
    process.on(name, listener)
    return { name, listener }
  })
  return {
    [Symbol.dispose]() {
      for (const { name, listener } of listeners) process.off(name, listener)
    },
  }
}
