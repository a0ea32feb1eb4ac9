/**
 * A client that watches keys and believes what it is told: it keeps its own copy of them, and
 * nothing else. It hangs up at random moments and comes back with the last id that it saw.
 *
 * @module
 */

import { API_BASE, type KvEvent, type KvSnapshotEvent, type ResyncEvent } from '@rollcall/protocol'
import { systemClock, type Random } from '@rollcall/runtime'
import { textOf } from '../catalog-client.ts'
import { EventStream, startsOver, type SseEvent } from '../sse.ts'
import type { History, Step } from './history.ts'

const RETRY_MS = 50
/** Events after which it hangs up, at most. */
const EVENTS_MAX = 200
/** How often it hangs up right after a `resync`, or a page that is not the last. */
const LEAVES_EARLY_RATIO = 0.3

/** What it was told since it last started over. */
interface Epoch {
  /** At which it knew everything; undefined until the snapshot began. */
  fromRevision: number | undefined
  readonly told: Map<number, Step>
  lastRevision: number
  /** Prefixes whose snapshot is complete. */
  readonly complete: Set<string>
}

export interface WatcherOptions {
  readonly prefixes: readonly string[]
  readonly random: Random
}

export class Watcher {
  /** Its copy of the keys. */
  readonly content = new Map<string, string>()
  /** Why it had to start over. */
  readonly resyncs: string[] = []
  /** How often it hung up, or was left. */
  hangUps = 0
  readonly #options: WatcherOptions
  readonly #problems: string[] = []
  readonly #epochs: Epoch[] = []
  #epoch: Epoch = newEpoch()
  #lastId: string | undefined

  constructor(options: WatcherOptions) {
    this.#options = options
  }

  get prefixes(): readonly string[] {
    return this.#options.prefixes
  }

  /** The last revision that it was told of. */
  get lastRevision(): number {
    return this.#epoch.lastRevision
  }

  /** Watches until `signal` aborts, over as many connections as it takes. */
  async run(url: string, signal: AbortSignal): Promise<void> {
    do {
      await this.#watchOnce(url, signal)
    } while (await systemClock.sleep(RETRY_MS, signal))
  }

  /** All that it was told and that is not what happened. */
  judge(history: History): readonly string[] {
    const problems = [...this.#problems]
    for (const { fromRevision, told, lastRevision } of [...this.#epochs, this.#epoch]) {
      if (fromRevision === undefined) continue
      const expected = history.between(fromRevision, lastRevision, this.prefixes)
      const missing = expected.filter((revision) => !told.has(revision))
      if (missing.length > 0) problems.push(`it was not told of the revisions ${missing.join()}`)
      for (const [revision, step] of told) {
        const real = history.step(revision, this.prefixes)
        if (shown(step) === shown(real)) continue
        problems.push(`revision ${revision} was told as ${shown(step)}, and was ${shown(real)}`)
      }
    }
    return problems
  }

  async #watchOnce(url: string, signal: AbortSignal): Promise<void> {
    let left = Math.ceil(this.#options.random() * EVENTS_MAX)
    let hangUp = () => {}
    const ended = new Promise<void>((resolve) => {
      hangUp = resolve
    })
    const take = (event: SseEvent) => {
      // What still comes after it has hung up is not its concern.
      if (left <= 0) return
      left = this.#leavesAfter(event) ? 0 : left - 1
      this.#take(event)
      if (left === 0) hangUp()
    }
    const query = this.prefixes.map((prefix) => `kv=${encodeURIComponent(prefix)}`).join('&')
    const headers = this.#lastId === undefined ? {} : { 'last-event-id': this.#lastId }
    if (startsOver(this.#lastId)) this.#startOver()
    const stream = await EventStream.open(`${url}${API_BASE}/watch?${query}`, headers, take).catch(
      () => undefined, // the node is gone, and comes back
    )
    if (!stream) return
    await using _ = stream
    signal.addEventListener('abort', hangUp, { once: true })
    void stream.whenEnded.then(hangUp)
    await ended
    left = 0
    signal.removeEventListener('abort', hangUp)
    this.hangUps += 1
  }

  /** Between a `resync` and the end of the snapshots there is no id to go on from. */
  #leavesAfter({ event, id }: SseEvent): boolean {
    const isBetween = event === 'resync' || id === undefined
    return isBetween && this.#options.random() < LEAVES_EARLY_RATIO
  }

  #take({ event, id, data }: SseEvent): void {
    if (event === 'resync') {
      this.resyncs.push((data as ResyncEvent).reason)
      this.#startOver()
    } else if (event === 'kv-snapshot') this.#page(data as KvSnapshotEvent)
    else if (event === 'kv') this.#change(data as KvEvent)
    if (id !== undefined) this.#lastId = id
  }

  #startOver(): void {
    this.#epochs.push(this.#epoch)
    this.#epoch = newEpoch()
    this.#lastId = undefined
    this.content.clear()
  }

  #page({ revision, prefix, entries, more }: KvSnapshotEvent): void {
    const { complete } = this.#epoch
    if (complete.has(prefix)) this.#problems.push(`a second snapshot of ${prefix} came unannounced`)
    this.#epoch.fromRevision ??= revision
    this.#epoch.lastRevision = Math.max(this.#epoch.lastRevision, this.#epoch.fromRevision)
    for (const { key, valueBase64 } of entries) this.content.set(key, textOf(valueBase64))
    if (!more) complete.add(prefix)
  }

  #change({ revision, puts, deletes }: KvEvent): void {
    const { told, lastRevision, fromRevision } = this.#epoch
    if (fromRevision === undefined) this.#problems.push(`a change came before the snapshot`)
    if (revision <= lastRevision) {
      this.#problems.push(`revision ${revision} was told after ${lastRevision}`)
    }
    const step = new Map<string, string | undefined>()
    for (const { key, valueBase64 } of puts) {
      step.set(key, textOf(valueBase64))
      this.content.set(key, textOf(valueBase64))
    }
    for (const key of deletes) {
      step.set(key, undefined)
      this.content.delete(key)
    }
    told.set(revision, step)
    this.#epoch.lastRevision = revision
  }
}

function newEpoch(): Epoch {
  return { fromRevision: undefined, told: new Map(), lastRevision: 0, complete: new Set() }
}

function shown(step: Step | undefined): string {
  const entries = [...(step ?? [])].map(([key, value]) => `${key}=${value ?? '(gone)'}`)
  return entries.sort().join(' ')
}
