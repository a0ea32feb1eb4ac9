/**
 * What changed, each instance once.
 *
 * @module
 */

import type { RemovalReason } from '../model/vocabulary.ts'
import type { Entry } from './entry.ts'

/** Entries that changed, each with why it went, if it did; how each is now, it says itself. */
export type Changed = ReadonlyMap<Entry, RemovalReason | undefined>

/**
 * Collects changes by the place of the instance and not by entry: what was forgotten and came
 * back is another entry of one instance, and a watcher must not hear that it is both there
 * and gone.
 */
export class ChangeSet {
  readonly #changed = new Map<Entry, RemovalReason | undefined>()
  readonly #byPlace = new Map<string, Entry>()

  get changed(): Changed {
    return this.#changed
  }

  /** Adds a change that is newer than all so far. */
  add(entry: Entry, reason: RemovalReason | undefined): void {
    const place = placeOf(entry)
    const before = this.#byPlace.get(place)
    if (before && before !== entry) this.#changed.delete(before)
    this.#byPlace.set(place, entry)
    this.#changed.set(entry, reason)
  }

  /** Adds a change that is older than all so far. */
  addEarlier(entry: Entry, reason: RemovalReason | undefined): void {
    if (!this.#byPlace.has(placeOf(entry))) this.add(entry, reason)
  }
}

/** A space is in no name, so two places never meet. */
function placeOf({ zone, id }: Entry): string {
  return `${zone} ${id}`
}
