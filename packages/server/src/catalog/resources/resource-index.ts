/**
 * What the view holds of a resource, and how an index over resources is told of it.
 *
 * @module
 */

import type { Properties } from '../resource-catalog.ts'

/** A resource as the view keeps it. It never changes: another takes its place. */
export interface ResourceRow {
  readonly nsId: string
  readonly type: string
  /** As it is stored: unique in its namespace and type. */
  readonly key: string
  readonly id: string
  readonly properties: Properties
  readonly revision: number
}

/** Hears of every row as the view comes to hold it and lets it go, also while a view is built. */
export interface ResourceIndex {
  /** `before` is what stood under the same key; it is not there any more. */
  put(row: ResourceRow, before: ResourceRow | undefined): void
  delete(row: ResourceRow): void
}

/**
 * The rows that the view holds, by where they are. What is iterated must not change meanwhile:
 * who pauses goes on from the last key.
 */
export interface ResourceRows {
  /** Types of which there are rows, in no order. */
  types(): Iterable<string>
  /** Namespaces that hold rows of a type, in no order. */
  namespacesOf(type: string): Iterable<string>
  /** In the order of their keys, those after a key. */
  rows(type: string, nsId: string, afterKey?: string): Iterable<ResourceRow>
  row(type: string, nsId: string, key: string): ResourceRow | undefined
  /** Every row of an id, one for each namespace that has it. */
  byId(type: string, id: string): readonly ResourceRow[]
}
