/**
 * A process under test: what it prints, how it ends, and that it never outlives its test.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { sendSignal } from './processes.ts'

/** The root of the checkout; children run in it. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** How a process ended. */
export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** How a process ended, and how long that took from when it was asked to. */
export interface TimedEnd extends ChildEnd {
  readonly tookMs: number
}

export interface ChildOptions {
  /** What Node runs, and its arguments. */
  readonly args: readonly string[]
  /** Variables besides those of the machine. */
  readonly env?: Readonly<Record<string, string>>
}

/** Those that run. A worker that ends before its tests have must not leave them behind. */
const running = new Set<number>()
process.on('exit', () => {
  for (const pid of running) sendSignal(pid, 'SIGKILL')
})

/** A Node process and its output. Disposing kills it. */
export class Child implements AsyncDisposable {
  readonly pid: number
  /** The lines so far, without their ends. */
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  /** Resolves once the process has ended and its output has been read, that of its own children too. */
  readonly ended: Promise<ChildEnd>
  readonly #exited: Promise<unknown>
  #end: ChildEnd | undefined

  constructor({ args, env = {} }: ChildOptions) {
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...machineEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { pid, stdout, stderr } = child
    if (pid === undefined) throw new Error(`Could not start node ${args.join(' ')}.`)
    this.pid = pid
    this.stdout = linesOf(stdout)
    this.stderr = linesOf(stderr)
    running.add(pid)
    this.#exited = once(child, 'exit').then(() => running.delete(pid))
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#end = { code, signal }
        resolve(this.#end)
      })
    })
  }

  /** Whether it has ended and its output has been read. */
  get hasEnded(): boolean {
    return this.#end !== undefined
  }

  signal(name: NodeJS.Signals): void {
    if (!this.hasEnded) sendSignal(this.pid, name)
  }

  /** Asks it to end, and waits for that. */
  async stop(name: NodeJS.Signals = 'SIGTERM', withinMs = 50_000): Promise<TimedEnd> {
    const sinceMs = systemClock.monotonicMs()
    this.signal(name)
    const end = await this.waitForEnd(withinMs)
    return { ...end, tookMs: systemClock.monotonicMs() - sinceMs }
  }

  /** Ends it without any farewell. What it has started may live on. */
  async kill9(): Promise<void> {
    this.signal('SIGKILL')
    await this.#exited
  }

  /** Waits until it ends by itself. */
  waitForEnd(withinMs: number): Promise<ChildEnd> {
    return until(`process ${this.pid} ended`, () => this.#end, { withinMs })
  }

  /** Waits for what `find` makes of a line of stdout; fails at once when the process ends without it. */
  async line<T>(
    what: string,
    find: (line: string) => T | undefined,
    withinMs = 40_000,
  ): Promise<T> {
    const found = await until<{ readonly value?: T }>(
      `process ${this.pid} printed ${what}`,
      () => {
        for (const line of this.stdout) {
          const value = find(line)
          if (value !== undefined) return { value }
        }
        return this.hasEnded ? {} : undefined
      },
      { withinMs },
    )
    if (found.value !== undefined) return found.value
    const said = [...this.stdout, ...this.stderr].join('\n')
    throw new Error(`Process ${this.pid} ended without printing ${what}; it said:\n${said}`)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill9()
  }
}

/** What this process has, without what steers Rollcall, npm or Node: each test says that itself. */
function machineEnvironment(): NodeJS.ProcessEnv {
  const steers = /^(ROLLCALL_|VITEST|npm_|NODE_)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !steers.test(name)))
}

function linesOf(stream: Readable): readonly string[] {
  const lines: string[] = []
  createInterface({ input: stream }).on('line', (line) => {
    lines.push(line)
  })
  return lines
}
