/**
 * Watchers that hang up at moments of chance and come back to whichever node, with the last id
 * that they were told.
 *
 * @module
 */

import {
  API_BASE,
  type KvEvent,
  type KvList,
  type KvSnapshotEvent,
  type ResyncEvent,
} from '@rollcall/protocol'
import { systemClock, untilAborted, type Random } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { textOf } from '../../support/catalog-client.ts'
import { EventStream, startsOver, type SseEvent } from '../../support/sse.ts'
import type { Change, Life, Page, Watched } from '../model/told.ts'
import { LINEARIZABLE, type Loaded, type Traffic } from './traffic.ts'

const WATCHED: readonly (readonly string[])[] = [
  ['r/', 'a/', 's/', 'l/'],
  ['r/', 'a/', 's/', 'l/'],
  ['r/'],
  ['a/', 's/'],
  ['l/'],
]
const RETRY_MS = 50
/** How long it stays on one connection, at most. */
const STAYS_MAX_MS = 6_000
const AGREED_WITHIN_MS = 30_000

export interface WatchersOptions extends Loaded {
  readonly urls: readonly string[]
}

export class Watchers implements Traffic {
  readonly #options: WatchersOptions
  readonly #watchers: readonly Watcher[]
  readonly #stopping = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: WatchersOptions) {
    this.#options = options
    const { urls, random, recorder } = options
    this.#watchers = WATCHED.map((prefixes, at) => {
      const watcher = new Watcher(`watcher ${at}`, { prefixes, urls, random })
      recorder.watched.push(watcher)
      return watcher
    })
  }

  /** They go on to watch until `close`, for what comes of the last writes. */
  run(): Promise<void> {
    const { signal } = this.#stopping
    this.#running = Promise.all(this.#watchers.map((watcher) => watcher.run(signal)))
    return Promise.resolve()
  }

  /** Waits until all that watchers believe is so. */
  async close(): Promise<void> {
    const { clients, recorder } = this.#options
    const [client] = clients
    for (const { watcher, prefixes, content } of this.#watchers) {
      const agrees = async () => {
        const held: string[] = []
        for (const prefix of prefixes) {
          for await (const page of pagesOf(prefix, (path) => client?.read<KvList>(path))) {
            held.push(...page.entries.map(({ key, modRevision }) => `${key}@${modRevision}`))
          }
        }
        const believed = [...content].map(([key, revision]) => `${key}@${revision}`)
        return believed.sort().join() === held.sort().join() || undefined
      }
      await until('a watcher believes what is so', agrees, { withinMs: AGREED_WITHIN_MS }).catch(
        () => recorder.surprises.push(`${watcher} does not believe in the end what is so`),
      )
    }
    this.#stopping.abort()
    await this.#running
    for (const { resyncs, connections, events } of this.#watchers) {
      recorder.count('connections of watchers', connections)
      recorder.count('changes told', events)
      for (const reason of resyncs) recorder.count(`watchers that started over (${reason})`)
    }
  }
}

interface WatcherOptions {
  readonly prefixes: readonly string[]
  readonly urls: readonly string[]
  readonly random: Random
}

class Watcher implements Watched {
  readonly watcher: string
  readonly prefixes: readonly string[]
  readonly lives: Life[] = []
  /** The revision of each key that it believes to be there. */
  readonly content = new Map<string, number>()
  readonly resyncs: string[] = []
  connections = 0
  events = 0
  readonly #options: WatcherOptions
  #pages: Page[] = []
  #changes: Change[] = []
  #lastId: string | undefined

  constructor(watcher: string, options: WatcherOptions) {
    this.watcher = watcher
    this.prefixes = options.prefixes
    this.#options = options
    this.#startOver()
  }

  async run(signal: AbortSignal): Promise<void> {
    do {
      const leaving = new AbortController()
      const cancel = systemClock.after(this.#options.random() * STAYS_MAX_MS, () => {
        leaving.abort()
      })
      await this.#watchOnce(AbortSignal.any([signal, leaving.signal]))
      cancel()
    } while (await systemClock.sleep(RETRY_MS, signal))
  }

  async #watchOnce(signal: AbortSignal): Promise<void> {
    const { urls, random } = this.#options
    const url = urls[Math.floor(random() * urls.length)] ?? ''
    // Without an id it would not be told what it missed.
    if (startsOver(this.#lastId)) this.#startOver()
    const headers = this.#lastId === undefined ? {} : { 'last-event-id': this.#lastId }
    const query = this.prefixes.map((prefix) => `kv=${encodeURIComponent(prefix)}`).join('&')
    let hasLeft = false
    const take = (event: SseEvent) => {
      // What still comes after it has hung up is not its concern.
      if (!hasLeft) this.#take(event)
    }
    const opening = EventStream.open(`${url}${API_BASE}/watch?${query}`, headers, take)
    const stream = await opening.catch(() => undefined) // the node is away, and comes back
    if (!stream) return
    await using _ = stream
    this.connections += 1
    await Promise.race([stream.whenEnded, untilAborted(signal)])
    hasLeft = true
  }

  #take({ event, id, data, atMs }: SseEvent): void {
    if (event === 'resync') {
      this.resyncs.push((data as ResyncEvent).reason)
      this.#startOver()
    } else if (event === 'kv-snapshot') this.#page(data as KvSnapshotEvent)
    else if (event === 'kv') this.#change(data as KvEvent, atMs)
    if (id !== undefined) this.#lastId = id
  }

  #startOver(): void {
    this.#lastId = undefined
    if (this.lives.length > 0 && this.#pages.length + this.#changes.length === 0) return
    this.#pages = []
    this.#changes = []
    this.lives.push({ pages: this.#pages, changes: this.#changes })
    this.content.clear()
  }

  #page({ revision, entries }: KvSnapshotEvent): void {
    const found = entries.map(({ key, valueBase64, modRevision }) => {
      this.content.set(key, modRevision)
      return [key, { value: textOf(valueBase64), modRevision }] as const
    })
    this.#pages.push({ revision, entries: new Map(found) })
  }

  #change({ revision, puts, deletes }: KvEvent, atMs: number): void {
    this.events += 1
    const step = new Map<string, string | null>()
    for (const { key, valueBase64, modRevision } of puts) {
      step.set(key, textOf(valueBase64))
      this.content.set(key, modRevision)
    }
    for (const key of deletes) {
      step.set(key, null)
      this.content.delete(key)
    }
    const modRevisions = puts.map((put) => put.modRevision)
    this.#changes.push({ revision, step, modRevisions, atMs })
  }
}

async function* pagesOf(prefix: string, read: (path: string) => Promise<KvList> | undefined) {
  let cursor = ''
  for (;;) {
    const query = `prefix=${prefix}&keysOnly=1&limit=1000&${LINEARIZABLE}${cursor}`
    const page = await read(`/kv?${query}`)
    if (!page) return
    yield page
    if (page.next === null) return
    cursor = `&cursor=${encodeURIComponent(page.next)}`
  }
}
