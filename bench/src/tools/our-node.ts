/**
 * Our node under load: the built command, on one core.
 *
 * @module
 */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@rollcall/runtime'
import { Child, type Core } from './child.ts'
import { topSelfTimes, type CpuProfile, type SelfTime, type Window } from './cpu-profile.ts'
import { Leftovers } from './leftovers.ts'
import { parseMetrics, sampleOf } from './metrics.ts'
import { COMMAND } from './paths.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface OurNodeOptions {
  readonly core: Core
  /** What it is called. */
  readonly id?: string
  /** Where it listens; a free port where nothing is said. */
  readonly http?: string
  /** Further options of `rollcall server`. */
  readonly args?: readonly string[]
  /** The data folder; absent: one of its own, removed at the end. */
  readonly data?: string
  /** The most that the heap may take; absent: what Node takes by itself. */
  readonly heapMiB?: number
  /** Also writes down where its time goes, which costs some of it. */
  readonly profiled?: boolean
  /** Called as soon as it listens, which is before it is ready. */
  readonly onListening?: (url: string) => Promise<unknown>
}

const READY_WITHIN_MS = 60_000
const TOP = 15
/** What the first line of the command tells Node. */
const AS_COMMAND = ['--no-memory-reducer', '--no-parallel-scavenge']
const COLLECTING = [
  '--expose-gc',
  `--import=${new URL('collect-garbage.mjs', import.meta.url).href}`,
]
const ASK_EVERY_MS = 20
const never = new AbortController().signal
const QUIET = ['--log-level', 'warn']

/** Where the memory of a process is, in bytes. */
export interface Memory {
  readonly heap: number
  /** Buffers, outside the heap. */
  readonly external: number
  readonly resident: number
}

/** A node that is ready. Disposing kills it and removes what it wrote, unless the folder was given. */
export class OurNode implements AsyncDisposable {
  readonly url: string
  readonly child: Child
  /** From the start of the process to the first answer that it is ready. */
  readonly readyAfterMs: number
  readonly #leftovers: Leftovers
  readonly #profiles: string | undefined

  constructor(parts: {
    readonly url: string
    readonly child: Child
    readonly readyAfterMs: number
    readonly leftovers: Leftovers
    readonly profiles: string | undefined
  }) {
    this.url = parts.url
    this.child = parts.child
    this.readyAfterMs = parts.readyAfterMs
    this.#leftovers = parts.leftovers
    this.#profiles = parts.profiles
  }

  get pid(): number {
    return this.child.pid
  }

  samples(): Promise<ReadonlyMap<string, number>> {
    return samplesAt(this.url)
  }

  async sample(series: string): Promise<number> {
    return sampleOf(await this.samples(), series)
  }

  /** Makes it collect its garbage; it stops the world for that. */
  collectGarbage(): void {
    process.kill(this.pid, 'SIGUSR2')
  }

  async memory(): Promise<Memory> {
    const samples = await this.samples()
    return {
      heap: sampleOf(samples, 'nodejs_heap_size_used_bytes'),
      external: sampleOf(samples, 'nodejs_external_memory_bytes'),
      resident: sampleOf(samples, 'process_resident_memory_bytes'),
    }
  }

  /** Stops it as an operator would. */
  async stop(): Promise<void> {
    const { code, signal } = await this.child.stop()
    if (code !== 0) throw new Error(`The node ended with ${code ?? signal}:\n${this.child.said}`)
  }

  /** Stops it and answers where its time went in a window; nothing unless it was `profiled`. */
  async stopAndProfile(window: Window): Promise<readonly SelfTime[]> {
    if (this.#profiles === undefined) return []
    await this.stop()
    const [file] = (await readdir(this.#profiles)).filter((name) => name.endsWith('.cpuprofile'))
    if (file === undefined) throw new Error('The node wrote no profile.')
    const text = await readFile(join(this.#profiles, file), 'utf8')
    return topSelfTimes(JSON.parse(text) as CpuProfile, window, TOP)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leftovers[Symbol.asyncDispose]()
  }
}

/** What a node says of itself. */
export async function samplesAt(url: string): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${url}/metrics`)
  if (!answer.ok) throw new Error(`GET /metrics was answered with ${answer.status}.`)
  return parseMetrics(await answer.text())
}

/** Starts a node on loopback and waits for nothing. */
export function spawnOurNode(
  options: Omit<OurNodeOptions, 'profiled' | 'onListening'> & {
    readonly data: string
    /** Where it writes down where its time goes. */
    readonly profiles?: string | undefined
  },
): Child {
  const { core, heapMiB, profiles, data, id = 'bench', http = '127.0.0.1:0' } = options
  const nodeArgs = [
    ...AS_COMMAND,
    ...COLLECTING,
    ...(heapMiB === undefined ? [] : [`--max-old-space-size=${heapMiB}`]),
    ...(profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]),
  ]
  const args = ['server', '--id', id, '--http', http, '--data', data, ...(options.args ?? [])]
  return new Child({ command: [process.execPath, ...nodeArgs, COMMAND, ...args, ...QUIET], core })
}

/** Starts a node on loopback and waits until it is ready. */
export async function startOurNode(options: OurNodeOptions): Promise<OurNode> {
  const { profiled = false } = options
  await using started = new Leftovers()
  const data = options.data ?? started.use(await temporaryFolder()).path
  const profiles = profiled ? started.use(await temporaryFolder()).path : undefined
  const sinceMs = systemClock.monotonicMs()
  const child = started.use(spawnOurNode({ ...options, data, profiles }))
  const listening = (line: string) => /^listening on (http:\S+)$/.exec(line)?.[1]
  const url = await child.line('where it listens', listening, READY_WITHIN_MS)
  await options.onListening?.(url)
  await untilReady(url, child)
  const readyAfterMs = systemClock.monotonicMs() - sinceMs
  return new OurNode({ url, child, readyAfterMs, leftovers: started.move(), profiles })
}

/** Waits until it says that it is ready: it listens before it has read all that it holds. */
async function untilReady(url: string, child: Child): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + READY_WITHIN_MS
  for (;;) {
    const answer = await fetch(`${url}/readyz`)
    const text = await answer.text()
    if (answer.ok) return
    if (child.hasEnded || systemClock.monotonicMs() > deadlineMs) {
      throw new Error(`The node does not get ready: ${text}\n${child.said}`)
    }
    await systemClock.sleep(ASK_EVERY_MS, never)
  }
}
