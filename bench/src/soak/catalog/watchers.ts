/**
 * Watchers of all keys, who come back from where they were whenever the node dies or their line
 * is cut.
 *
 * @module
 */

import { API_BASE, type KvEvent, type KvList, type KvSnapshotEvent } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { PREFIX, type Part, type Soaked } from './part.ts'
import { SeenKeys } from './seen-keys.ts'
import { readEvents, type SseEvent } from './sse-events.ts'

const WATCHERS = 3
const BACK_AFTER_MS = 100
const CUT_EVERY_MAX_MS = 6_000
const AGREED_WITHIN_MS = 15_000
const LOOK_EVERY_MS = 50
const TOLD_MAX = 3
/** Those end whenever their leases do. */
const ON_LEASES = `${PREFIX}lease/`
const never = new AbortController().signal

export class Watchers implements Part {
  readonly #soaked: Soaked
  readonly #watchers: readonly Watcher[]

  constructor(soaked: Soaked) {
    this.#soaked = soaked
    this.#watchers = Array.from({ length: WATCHERS }, (_, at) => new Watcher(soaked, at))
  }

  /** Watches until `signal` aborts, however often the node dies. */
  async watch(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#watchers.map((watcher) => watcher.run(signal)))
  }

  /** Cuts a line now and then. */
  async load(signal: AbortSignal): Promise<void> {
    const { random, tally } = this.#soaked
    while (await systemClock.sleep(random() * CUT_EVERY_MAX_MS, signal)) {
      this.#watchers[Math.floor(random() * WATCHERS)]?.cut()
      tally.count('watches cut')
    }
  }

  async check(): Promise<void> {
    const { tally, acknowledged } = this.#soaked
    for (const watcher of this.#watchers) {
      const difference = await this.#untilAgreed(watcher.seen)
      if (difference !== undefined) tally.surprise(`${watcher.name} ${difference}`)
      const missing = watcher.seen.missing(acknowledged)
      for (const revision of missing.slice(0, TOLD_MAX)) {
        const of = `${missing.length} of ${acknowledged.size}`
        tally.surprise(`${watcher.name} was not told of revision ${revision} (${of})`)
      }
      watcher.seen.forget()
    }
    tally.count('revisions that watchers were held to', acknowledged.size * WATCHERS)
    acknowledged.clear()
  }

  /** Waits until a watcher knows what the node lists; answers in what it differs in the end. */
  async #untilAgreed(seen: SeenKeys): Promise<string | undefined> {
    const deadlineMs = systemClock.monotonicMs() + AGREED_WITHIN_MS
    for (;;) {
      const difference = differenceOf(await this.#list(), seen)
      if (difference === undefined || systemClock.monotonicMs() > deadlineMs) return difference
      await systemClock.sleep(LOOK_EVERY_MS, never)
    }
  }

  async #list(): Promise<ReadonlyMap<string, number>> {
    const keys = new Map<string, number>()
    let cursor = ''
    do {
      const query = `prefix=${encodeURIComponent(PREFIX)}&keysOnly=1&limit=1000${cursor}`
      const answer = await fetch(`${this.#soaked.url}${API_BASE}/kv?${query}`)
      if (!answer.ok) throw new Error(`GET /kv?${query}: ${answer.status} ${await answer.text()}`)
      const { entries, next } = (await answer.json()) as KvList
      for (const { key, modRevision } of entries) keys.set(key, modRevision)
      cursor = next === null ? '' : `&cursor=${encodeURIComponent(next)}`
    } while (cursor !== '')
    return keys
  }
}

class Watcher {
  readonly name: string
  readonly seen: SeenKeys
  readonly #soaked: Soaked
  #lastId: string | undefined
  #line = new AbortController()

  constructor(soaked: Soaked, at: number) {
    const { tally } = soaked
    this.name = `watcher ${at}`
    this.#soaked = soaked
    this.seen = new SeenKeys((text) => {
      tally.surprise(`${this.name} got ${text}`)
    })
  }

  async run(signal: AbortSignal): Promise<void> {
    do {
      this.#line = new AbortController()
      const line = AbortSignal.any([signal, this.#line.signal])
      if (this.#lastId === undefined) this.seen.startOver()
      const path = `${API_BASE}/watch?kv=${encodeURIComponent(PREFIX)}`
      try {
        for await (const event of readEvents(this.#soaked.url + path, this.#lastId, line)) {
          this.#take(event)
        }
      } catch {
        // The node died, or the line was cut.
      }
    } while (await systemClock.sleep(BACK_AFTER_MS, signal))
  }

  cut(): void {
    this.#line.abort()
  }

  #take({ event, data, id }: SseEvent): void {
    const { tally } = this.#soaked
    if (id !== undefined) this.#lastId = id
    if (event === 'kv') {
      tally.count('events of watchers')
      this.seen.change(JSON.parse(data) as KvEvent)
    } else if (event === 'kv-snapshot') this.seen.snapshot(JSON.parse(data) as KvSnapshotEvent)
    else if (event === 'resync') {
      tally.count(`watchers that start over: ${data}`)
      this.#lastId = undefined
      this.seen.startOver()
    } else if (event !== 'ping' && event !== 'bye') tally.surprise(`an event ${event}: ${data}`)
  }
}

/** In what a watcher differs from the truth, in words; undefined: in nothing. */
function differenceOf(listed: ReadonlyMap<string, number>, { keys }: SeenKeys): string | undefined {
  for (const [key, revision] of listed) {
    if (key.startsWith(ON_LEASES)) continue
    if (keys.get(key) !== revision) return `has ${key} of ${keys.get(key)}, which is of ${revision}`
  }
  for (const key of keys.keys()) {
    if (!key.startsWith(ON_LEASES) && !listed.has(key)) return `has ${key}, which is not there`
  }
  return undefined
}
