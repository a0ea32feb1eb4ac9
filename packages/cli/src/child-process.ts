/**
 * A command that runs under this one.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Environment } from './context.ts'

/** What a shell reports for a command that it could not start. */
const NOT_FOUND = 127
const NOT_STARTED = 126
/** What a shell adds to the number of the signal that ended a command. */
const BY_SIGNAL = 128

export interface Child {
  /** The exit code, as a shell reports it. */
  readonly ended: Promise<number>
  /** Sends a signal; one that comes too late is lost. */
  signal(name: NodeJS.Signals): void
}

export interface ChildOptions {
  readonly env: Environment
  /** Told why it could not be started; it has ended then. */
  readonly onRefused: (reason: string) => void
}

/** Starts a command with our standard streams. */
export function startChild(
  [command = '', ...args]: readonly string[],
  { env, onRefused }: ChildOptions,
): Child {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...env } })
  const ended = new Promise<number>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      onRefused(error.message)
      resolve(error.code === 'ENOENT' ? NOT_FOUND : NOT_STARTED)
    })
    child.once('exit', (code, signal) => {
      resolve(code ?? BY_SIGNAL + (signal === null ? 0 : constants.signals[signal]))
    })
  })
  return {
    ended,
    signal(name) {
      child.kill(name)
    },
  }
}

/** What a shell reports for a command that a signal ended. */
export function exitCodeOfSignal(name: NodeJS.Signals): number {
  return BY_SIGNAL + constants.signals[name]
}
