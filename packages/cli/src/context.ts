/**
 * What a command may touch: everything of the process that it needs, handed to it.
 *
 * @module
 */

import type { Lifetime } from './lifetime.ts'
import type { ServerModule } from './server-module.ts'

/** Where a command prints. */
export interface Io {
  /** Prints one line of results. */
  readonly out: (line: string) => void
  /** Prints bytes as they are, with nothing around them; resolves when there is room for more. */
  readonly bytes: (bytes: Uint8Array) => Promise<void>
  /** Whether a person sees what is printed, and not a file or another program. */
  readonly isTerminal: boolean
  /** Prints one line about errors or the course of things. */
  readonly err: (line: string) => void
}

/** The environment, as variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface Context {
  readonly io: Io
  readonly env: Environment
  /** The name of this machine, the default id of what is registered from it. */
  readonly hostname: string
  /** Of this package. */
  readonly version: string
  /** Opens what tells a long-running command when to end. Whoever opens it disposes it. */
  readonly openLifetime: () => Lifetime
  /** Reads all of standard input. Throws `limit_exceeded` when that is more than `maxBytes`. */
  readonly readInput: (maxBytes: number) => Promise<Uint8Array>
  /** Hands signals to `to` in place of obeying them, until disposed. */
  readonly relaySignals: (to: (signal: NodeJS.Signals) => void) => Disposable
  /** Loads the server, which most commands do without. */
  readonly loadServer: () => Promise<ServerModule>
}

/** The context of the commands of one run. */
export interface CommandContext extends Context {
  /** Sets how the process ends, where that is neither 0 nor decided by an error. */
  readonly exitWith: (code: number) => void
}
