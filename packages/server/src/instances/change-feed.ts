/**
 * Numbers the visible changes of this node, remembers the last of them, and tells whoever
 * listens to a service.
 *
 * Renewals, claims and refreshes are no changes. A listener is told at once of the first
 * change after a quiet time; what follows within 20 ms comes together.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import { serviceKeyText, type ServiceKey } from '../model/instance-key.ts'
import type { RemovalReason } from '../model/vocabulary.ts'
import { ChangeSet, type Changed } from './change-set.ts'
import { COALESCE_MS } from './constants.ts'
import type { Entry } from './entry.ts'
import type { ServiceTable } from './service-table.ts'

interface Change {
  readonly entry: Entry
  /** Why it went, where it did. */
  readonly reason: RemovalReason | undefined
  /** The revision of its service before this change: a way back through one service's changes. */
  readonly previous: number
}

export interface ServiceChanges {
  /** Of the last of these changes. */
  readonly revision: number
  readonly changed: Changed
}

export type ChangeListener = (changes: ServiceChanges) => void

interface Topic {
  readonly listeners: Set<ChangeListener>
  /** Undefined while there is nothing to tell. */
  pending: ChangeSet | undefined
  /** Of the first and the last pending change. */
  first: number
  revision: number
  /** Stops the timer of an open window. */
  cancel: (() => void) | undefined
}

export interface ChangeFeedOptions {
  readonly clock: Pick<Clock, 'after' | 'wallMs'>
  /** How many changes back a watcher may resume. */
  readonly ringSize: number
}

export class ChangeFeed {
  readonly #clock: Pick<Clock, 'after' | 'wallMs'>
  readonly #ring: (Change | undefined)[] = []
  readonly #ringSize: number
  readonly #topics = new Map<string, Topic>()
  #revision = 0

  constructor({ clock, ringSize }: ChangeFeedOptions) {
    this.#clock = clock
    this.#ringSize = ringSize
  }

  /** Of the last change of any service. */
  get revision(): number {
    return this.#revision
  }

  /** Records that clients now see an entry differently, or not at all and why. */
  append(entry: Entry, reason?: RemovalReason): void {
    const { service } = entry
    this.#revision += 1
    this.#ring[this.#revision % this.#ringSize] = { entry, reason, previous: service.revision }
    entry.revision = this.#revision
    service.changed(this.#revision, this.#clock.wallMs())
    const topic = this.#topics.get(serviceKeyText({ env: service.env, service: service.name }))
    if (!topic) return
    if (!topic.pending) topic.first = this.#revision
    topic.pending ??= new ChangeSet()
    topic.pending.add(entry, reason)
    topic.revision = this.#revision
    if (!topic.cancel) this.#flushAfter(topic, 0)
  }

  /**
   * Calls `listener` with every later change of a service, known or not yet. What happened
   * before is delivered to the others first, so that whoever reads a snapshot right after
   * subscribing sees each change in exactly one of the two.
   */
  subscribe(key: ServiceKey, listener: ChangeListener): () => void {
    const text = serviceKeyText(key)
    let topic = this.#topics.get(text)
    if (!topic) {
      topic = {
        listeners: new Set(),
        pending: undefined,
        first: 0,
        revision: 0,
        cancel: undefined,
      }
      this.#topics.set(text, topic)
    }
    this.#deliver(topic)
    topic.listeners.add(listener)
    return () => {
      topic.listeners.delete(listener)
      if (topic.listeners.size > 0 || this.#topics.get(text) !== topic) return
      topic.cancel?.()
      this.#topics.delete(text)
    }
  }

  /** Delivers what waits for a service's listeners now. */
  flush(key: ServiceKey): void {
    const topic = this.#topics.get(serviceKeyText(key))
    if (topic) this.#deliver(topic)
  }

  /** The revision up to which the listeners of all these services have been told everything. */
  deliveredRevision(keys: readonly ServiceKey[]): number {
    let delivered = this.#revision
    for (const key of keys) {
      const topic = this.#topics.get(serviceKeyText(key))
      if (topic?.pending) delivered = Math.min(delivered, topic.first - 1)
    }
    return delivered
  }

  /**
   * What changed in a service after a revision, each entry once, as it is now; undefined
   * when that is too long ago to say.
   */
  since(key: ServiceKey, service: ServiceTable | undefined, revision: number): Changed | undefined {
    if (!service || revision < service.bornRevision) return this.#scan(key, revision)
    const changes = new ChangeSet()
    for (let at = service.revision; at > revision;) {
      const change = this.#at(at)
      if (!change) return undefined
      changes.addEarlier(change.entry, change.reason)
      at = change.previous
    }
    return changes.changed
  }

  /** What the ring holds of a service that was forgotten in between, with its way back. */
  #scan({ env, service }: ServiceKey, revision: number): Changed | undefined {
    if (revision < this.#revision - this.#ringSize) return undefined
    const changes = new ChangeSet()
    for (let at = this.#revision; at > revision; at -= 1) {
      const change = this.#at(at)
      if (change?.entry.service.env !== env || change.entry.service.name !== service) continue
      changes.addEarlier(change.entry, change.reason)
    }
    return changes.changed
  }

  #at(revision: number): Change | undefined {
    if (revision <= this.#revision - this.#ringSize) return undefined
    return this.#ring[revision % this.#ringSize]
  }

  #flushAfter(topic: Topic, ms: number): void {
    topic.cancel = this.#clock.after(ms, () => {
      topic.cancel = undefined
      if (!topic.pending) return
      this.#deliver(topic)
      this.#flushAfter(topic, COALESCE_MS)
    })
  }

  #deliver(topic: Topic): void {
    if (!topic.pending) return
    const changes = { revision: topic.revision, changed: topic.pending.changed }
    topic.pending = undefined
    // Over a copy: who subscribes in answer to this must not hear of it.
    for (const listener of Array.from(topic.listeners)) {
      if (topic.listeners.has(listener)) listener(changes)
    }
  }
}
