/**
 * What a watcher was told. Times are monotonic milliseconds.
 *
 * @module
 */

import type { Step } from './write.ts'

export interface Page {
  readonly revision: number
  /** The value of each key, and the revision at which it was put. */
  readonly entries: ReadonlyMap<string, { readonly value: string; readonly modRevision: number }>
}

export interface Change {
  readonly revision: number
  readonly step: Step
  /** What the puts in it say of themselves. */
  readonly modRevisions: readonly number[]
  readonly atMs: number
}

/** From one time that it started over to the next, over as many connections as it took. */
export interface Life {
  readonly pages: readonly Page[]
  readonly changes: readonly Change[]
}

export interface Watched {
  readonly watcher: string
  readonly prefixes: readonly string[]
  readonly lives: readonly Life[]
}
