import type { Resource } from '../resource-catalog.ts'
import type { DraftRow } from './row-draft.ts'

/** A row as callers see it: where it is, at the path of its namespace. */
export function presentRow(
  { id, type, properties }: DraftRow,
  path: string,
  revision: number,
): Resource {
  return { id, ns: path, type, properties, revision }
}
