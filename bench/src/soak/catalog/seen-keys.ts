/**
 * What a watcher of keys knows, and whether it was told right: each revision once, in their
 * order, none left out, unless it was told to start over.
 *
 * @module
 */

import type { KvEvent, KvSnapshotEvent } from '@rollcall/protocol'

export class SeenKeys {
  /** The modRevision of each key that is there. */
  readonly keys = new Map<string, number>()
  readonly #surprise: (text: string) => void
  #revision = 0
  /** Up to which it knows only what came of it, from a snapshot. */
  #floor = 0
  readonly #seen = new Set<number>()
  #isWhole = false

  /** What is told wrong is handed over in words. */
  constructor(surprise: (text: string) => void) {
    this.#surprise = surprise
  }

  /** The newest revision of which it was told; 0 while a snapshot is not whole. */
  get revision(): number {
    return this.#isWhole ? this.#revision : 0
  }

  startOver(): void {
    this.#isWhole = false
    this.#revision = 0
    this.keys.clear()
  }

  snapshot({ revision, entries, more }: KvSnapshotEvent): void {
    if (this.#isWhole) {
      this.#surprise(`a snapshot at ${revision} without a word that the watcher starts over`)
      this.startOver()
    }
    for (const { key, modRevision } of entries) this.keys.set(key, modRevision)
    this.#isWhole = !more
    this.#revision = revision
    this.#floor = revision
    this.#seen.clear()
  }

  change({ revision, puts, deletes }: KvEvent): void {
    if (!this.#isWhole) this.#surprise(`a change at ${revision} before the snapshot was whole`)
    if (revision <= this.#revision) {
      this.#surprise(`a change at ${revision} after one at ${this.#revision}`)
    }
    this.#revision = Math.max(this.#revision, revision)
    this.#seen.add(revision)
    for (const { key, modRevision } of puts) {
      if (modRevision !== revision) {
        this.#surprise(`${key} of revision ${modRevision} in the change at ${revision}`)
      }
      this.keys.set(key, modRevision)
    }
    for (const key of deletes) this.keys.delete(key)
  }

  /** Those of some revisions of which it should have been told, and was not. */
  missing(revisions: Iterable<number>): number[] {
    return [...revisions].filter((one) => one > this.#floor && !this.#seen.has(one))
  }

  /** Lets go of what was looked at; what comes later is held against the next look. */
  forget(): void {
    this.#floor = Math.max(this.#floor, this.revision)
    this.#seen.clear()
  }
}
