/**
 * What a node holds: memory once its garbage is collected, and connections.
 *
 * @module
 */

import { until } from '@rollcall/runtime/testing'
import { call } from './http.ts'
import { startServer, type Server, type ServerOptions } from './spawn-server.ts'

const MIB = 2 ** 20

export interface Footprint {
  /** Heap in use and buffers outside it, in MiB. */
  readonly memoryMib: number
  readonly openFds: number
  readonly longPolls: number
  readonly watchers: number
}

/** Starts a node whose garbage can be collected from outside. */
export function startMeasuredServer(options: ServerOptions = {}): Promise<Server> {
  const loaded = new URL('collect-garbage.mjs', import.meta.url).href
  return startServer({ ...options, env: { ...options.env, NODE_OPTIONS: `--import=${loaded}` } })
}

/** Looks at a node now. The garbage of just before may still be there: see `leastFootprint`. */
export async function footprintOf(server: Server): Promise<Footprint> {
  server.child.signal('SIGUSR2')
  const { text } = await call(`${server.url}/metrics`)
  const sample = (name: string) => {
    const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]
    if (value === undefined) throw new Error(`The node has no metric ${name}.`)
    return Number(value)
  }
  const bytes = sample('nodejs_heap_size_used_bytes') + sample('nodejs_external_memory_bytes')
  return {
    memoryMib: bytes / MIB,
    openFds: sample('process_open_fds'),
    longPolls: sample('rollcall_long_polls'),
    watchers: sample('rollcall_watchers'),
  }
}

/** The least of a few looks, for what is compared with later. */
export async function leastFootprint(server: Server): Promise<Footprint> {
  const looks = [await footprintOf(server), await footprintOf(server), await footprintOf(server)]
  const least = (of: (look: Footprint) => number) => Math.min(...looks.map(of))
  return {
    memoryMib: least(({ memoryMib }) => memoryMib),
    openFds: least(({ openFds }) => openFds),
    longPolls: least(({ longPolls }) => longPolls),
    watchers: least(({ watchers }) => watchers),
  }
}

export interface Return {
  readonly withinMs: number
  /** What may stay of memory: compiled code, caches, what the test itself has registered. */
  readonly moreMib: number
}

/** A connection or two of those who look. */
const FDS_NOISE = 3

/** Waits until a node holds no more than it did, and answers what it holds then. */
export async function returnTo(
  before: Footprint,
  server: Server,
  { withinMs, moreMib }: Return,
): Promise<Footprint> {
  let seen: Footprint | undefined
  const isBack = async () => {
    seen = await footprintOf(server)
    const { memoryMib, openFds, longPolls, watchers } = seen
    const isReleased = openFds <= before.openFds + FDS_NOISE && longPolls + watchers === 0
    return (isReleased && memoryMib <= before.memoryMib + moreMib) || undefined
  }
  try {
    await until('the node holds what it did', isBack, { withinMs, everyMs: 200 })
  } catch (error) {
    const message = `The node held ${JSON.stringify(before)}, and now ${JSON.stringify(seen)}.`
    throw new Error(message, { cause: error })
  }
  return seen ?? before
}
