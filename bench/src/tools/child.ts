/**
 * A process beside us: on the core that is its, with as many open files as the machine allows, and never
 * outliving the run.
 *
 * @module
 */

import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { cpus } from 'node:os'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { systemClock } from '@rollcall/runtime'
import { ROOT } from './paths.ts'

/** How a process ended. */
export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** One core, or any of the machine. */
export type Core = number | 'any'

export interface ChildOptions {
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]]
  /** Where it stays. */
  readonly core: Core
  /** Variables besides those of the machine. */
  readonly env?: Readonly<Record<string, string>>
}

/** Ten thousand connections need more than the usual limit. Where it cannot be raised, all there is. */
const WITH_FILES = 'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"'
/** Kept for error messages, and no more than that. */
const LINES_KEPT = 200

const running = new Set<ChildProcessByStdio<Writable, Readable, Readable>>()

/** Ends whatever still runs, by its id. Called when this process ends, however it does. */
export function killChildren(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** A running process and what it says. Disposing kills it and waits for that. */
export class Child implements AsyncDisposable {
  readonly pid: number
  /** Resolves once the process has ended and its output has been read. */
  readonly ended: Promise<ChildEnd>
  /** All of stdout, line by line, for those that say little. */
  readonly stdout: string[] = []
  readonly #stderr: string[] = []
  readonly #name: string
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #onLine = new Set<(line: string) => void>()
  #end: ChildEnd | undefined

  constructor({ command, core, env = {} }: ChildOptions) {
    this.#name = command.slice(0, 3).join(' ')
    // Both `exec` and `taskset` replace themselves, so the process has the id that we know.
    const on = core === 'any' ? `0-${cpus().length - 1}` : String(core)
    const args = ['-c', WITH_FILES, 'sh', 'taskset', '-c', on, ...command]
    const child = spawn('sh', args, {
      cwd: ROOT,
      env: { ...machineEnvironment(), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    if (child.pid === undefined) throw new Error(`Could not start ${this.#name}.`)
    this.pid = child.pid
    this.#process = child
    // Whoever does not read our words has ended; that is told by its end.
    child.stdin.on('error', () => {})
    running.add(child)
    child.once('exit', () => running.delete(child))
    this.#read(child.stdout, child.stderr)
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

  /** The last of what it said, for error messages. */
  get said(): string {
    return [...this.stdout.slice(-LINES_KEPT), ...this.#stderr.slice(-LINES_KEPT)].join('\n')
  }

  /** Writes a line to its stdin. */
  tell(line: string): void {
    this.#process.stdin.write(`${line}\n`)
  }

  /** Calls `listener` with each further line of stdout, until the returned function is called. */
  onLine(listener: (line: string) => void): () => void {
    this.#onLine.add(listener)
    return () => {
      this.#onLine.delete(listener)
    }
  }

  /** What `find` makes of a line of stdout, said already or to come. Rejects when it ends without. */
  async line<T>(what: string, find: (line: string) => T | undefined, withinMs: number): Promise<T> {
    const found = await new Promise<T | undefined>((resolve) => {
      const look = (line: string) => {
        const value = find(line)
        if (value !== undefined) finish(value)
      }
      const stop = this.onLine(look)
      const cancel = systemClock.after(withinMs, () => {
        finish(undefined)
      })
      const finish = (value: T | undefined) => {
        cancel()
        stop()
        resolve(value)
      }
      this.stdout.slice().forEach(look)
      void this.ended.then(() => {
        finish(undefined)
      })
    })
    if (found !== undefined) return found
    const how = this.hasEnded ? 'ended without saying' : `did not say within ${withinMs} ms`
    throw new Error(`${this.#name} ${how} ${what}:\n${this.said}`)
  }

  /** Waits until it ends by itself, and rejects unless it ended well. */
  async succeed(): Promise<void> {
    const { code, signal } = await this.ended
    if (code !== 0) throw new Error(`${this.#name} ended with ${code ?? signal}:\n${this.said}`)
  }

  /** Asks it to end as an operator would, and waits for that. */
  async stop(): Promise<ChildEnd> {
    this.#process.kill('SIGTERM')
    return this.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.ended
  }

  #read(stdout: Readable, stderr: Readable): void {
    createInterface({ input: stdout }).on('line', (line) => {
      this.stdout.push(line)
      for (const listener of this.#onLine) listener(line)
    })
    createInterface({ input: stderr }).on('line', (line) => {
      if (this.#stderr.length < LINES_KEPT) this.#stderr.push(line)
    })
  }
}

/** What this process has, without what would steer the others. */
function machineEnvironment(): NodeJS.ProcessEnv {
  const steers = /^(ROLLCALL_|ETCD_|npm_|NODE_)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !steers.test(name)))
}
