/**
 * How one kind of key becomes memory that answers reads. A new kind of thing in the catalog is
 * a reducer and a line in `tables.ts`.
 *
 * @module
 */

import type { KeyValue } from '../engine.ts'

/** Holds one family. A view that is built anew gets new reducers, so there is nothing to reset. */
export interface Reducer {
  /** The letter before the first slash of its keys. */
  readonly family: string
  /** A key as it is now. In the order of the revisions, or of the keys while a view is built. */
  put(entry: KeyValue): void
  /** A key is gone. What is read in order may show it until `settle`. */
  delete(key: string): void
  /**
   * A revision changed no more than it was told of, each key once. What went together leaves an
   * order faster together than one by one.
   */
  settle?(): void
}
