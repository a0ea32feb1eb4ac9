/**
 * Runs command lines as the process would, with everything of the process in the test's hands.
 *
 * @module
 */

import { Readable } from 'node:stream'
import type { Context, Environment } from '../context.ts'
import type { Lifetime } from '../lifetime.ts'
import { runProgram } from '../program.ts'
import { readAll } from '../read-all.ts'
import type { ServerModule } from '../server-module.ts'

/** A command line under way. */
export interface Run {
  readonly out: readonly string[]
  /** What was printed as bytes. */
  readonly bytes: () => Buffer
  readonly err: readonly string[]
  /** The exit code, once it has ended. */
  readonly code: Promise<number>
  /** As SIGTERM. */
  readonly stop: () => void
  /** As a signal that reaches the process. */
  readonly signal: (name: NodeJS.Signals) => void
  /** Whether it takes signals now. */
  readonly isRelaying: () => boolean
  readonly lifetimes: { opened: number; disposed: number }
}

export interface RunOptions {
  readonly env?: Environment
  readonly server?: ServerModule
  readonly input?: Uint8Array | string
  readonly isTerminal?: boolean
}

/** Starts a command line. */
export function begin(argv: readonly string[], options: RunOptions = {}): Run {
  const out: string[] = []
  const err: string[] = []
  const ending = new AbortController()
  const lifetimes = { opened: 0, disposed: 0 }
  const chunks: Uint8Array[] = []
  const relays = new Set<(signal: NodeJS.Signals) => void>()
  const context: Context = {
    io: {
      out: (line) => out.push(line),
      err: (line) => err.push(line),
      bytes: async (bytes) => {
        chunks.push(bytes)
        await Promise.resolve()
      },
      isTerminal: options.isTerminal ?? false,
    },
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
    readInput: (maxBytes) => readAll(Readable.from([Buffer.from(options.input ?? '')]), maxBytes),
    relaySignals: (to) => {
      relays.add(to)
      return { [Symbol.dispose]: () => relays.delete(to) }
    },
    loadServer: () =>
      options.server ? Promise.resolve(options.server) : Promise.reject(new Error('not for this')),
  }
  const stop = () => {
    ending.abort()
  }
  const signal = (name: NodeJS.Signals) => {
    for (const relay of relays) relay(name)
  }
  const bytes = () => Buffer.concat(chunks)
  const isRelaying = () => relays.size > 0
  const code = runProgram(argv, context)
  return { out, err, bytes, code, stop, signal, isRelaying, lifetimes }
}

/** Runs a command line to its end. */
export async function run(argv: readonly string[], options: RunOptions = {}) {
  const { out, err, bytes, code } = begin(argv, options)
  return { code: await code, out, err, text: out.join('\n'), bytes: bytes() }
}
