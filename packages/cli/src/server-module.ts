/**
 * What the command needs of `@rollcall/server`. Only the commands that run or ask a server load
 * it, so that the others start fast.
 *
 * @module
 */

import type { Environment } from './context.ts'

/** Options as they were given, by their names in camel case (`logLevel`); switches are true. */
export type ServerFlags = Record<string, string | boolean | undefined>

/** An option of the server, as it appears on the command line. */
export interface ServerOption {
  /** `--http` */
  readonly flag: string
  /** What follows it, such as `HOST:PORT`; a switch has none. */
  readonly argument?: string
  readonly description: string
  /** The variable that means the same. */
  readonly env: string
}

/** The part of the server's entry that is called from here. */
export interface ServerModule {
  readonly serverOptions: readonly ServerOption[]
  /** Runs a node until `signal` aborts; answers the exit code. */
  runServer(options: {
    flags: ServerFlags
    env: Environment
    stdout: (line: string) => void
    signal: AbortSignal
  }): Promise<number>
  /** Shows the configuration that a node would have. */
  printConfig(options: { flags: ServerFlags; env: Environment; json: boolean }): Promise<string>
}

/** Loads the server's entry. */
export async function loadServer(): Promise<ServerModule> {
  return import('@rollcall/server')
}
