/**
 * Runs command lines as the process would, with everything of the process in the test's hands.
 *
 * @module
 */

import type { Context, Environment } from '../context.ts'
import type { Lifetime } from '../lifetime.ts'
import { runProgram } from '../program.ts'
import type { ServerModule } from '../server-module.ts'

/** A command line under way. */
export interface Run {
  readonly out: readonly string[]
  readonly err: readonly string[]
  /** The exit code, once it has ended. */
  readonly code: Promise<number>
  /** As SIGTERM. */
  readonly stop: () => void
  readonly lifetimes: { opened: number; disposed: number }
}

export interface RunOptions {
  readonly env?: Environment
  readonly server?: ServerModule
}

/** Starts a command line. */
export function begin(argv: readonly string[], options: RunOptions = {}): Run {
  const out: string[] = []
  const err: string[] = []
  const ending = new AbortController()
  const lifetimes = { opened: 0, disposed: 0 }
  const context: Context = {
    io: { out: (line) => out.push(line), err: (line) => err.push(line) },
    env: options.env ?? {},
    hostname: 'this-machine',
    version: '1.2.3',
    openLifetime: (): Lifetime => {
      lifetimes.opened += 1
      return {
        signal: ending.signal,
        [Symbol.dispose]() {
          lifetimes.disposed += 1
        },
      }
    },
    loadServer: () =>
      options.server ? Promise.resolve(options.server) : Promise.reject(new Error('not for this')),
  }
  const stop = () => {
    ending.abort()
  }
  return { out, err, code: runProgram(argv, context), stop, lifetimes }
}

/** Runs a command line to its end. */
export async function run(argv: readonly string[], options: RunOptions = {}) {
  const { out, err, code } = begin(argv, options)
  return { code: await code, out, err, text: out.join('\n') }
}
