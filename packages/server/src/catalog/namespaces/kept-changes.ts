/**
 * What a revision changed in the tree, as it is kept for those who come back: with the ids that
 * lead to it, so that a rename above it does not matter, and with the rows that the view holds.
 *
 * @module
 */

import { FAMILY } from '../key-schema.ts'
import type { NamespaceChange, Properties } from '../resource-catalog.ts'
import { presentRow } from '../resources/present-row.ts'
import type { ChangedList } from '../resources/changed-rows.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import { presentNode } from './namespace-reads.ts'
import type { NamespacePlace, NamespaceTable } from './namespace-table.ts'
import type { NodesBefore, PlacedNode } from './nodes-before.ts'

export type KeptChange =
  | ({ readonly kind: 'created' | 'changed' } & PlacedNode)
  | ({ readonly kind: 'moved'; readonly from: NamespacePlace } & PlacedNode)
  | ({ readonly kind: 'deleted' } & PlacedNode)
  | KeptRows

interface KeptRows {
  readonly kind: 'resources' | 'templates'
  readonly place: NamespacePlace
  readonly type: string
  readonly upserted: readonly ResourceRow[]
  readonly removed: readonly string[]
}

/** What a batch has done to the tree. */
export interface TreeChanges {
  readonly nodes: NodesBefore
  readonly rows: readonly ChangedList[]
}

/**
 * What a batch has changed, now that the tables have it: namespaces first, then what is in them,
 * those that went last. What went along with its namespace is not told of.
 */
export function keepChanges(
  { nodes, rows }: TreeChanges,
  namespaces: NamespaceTable,
): readonly KeptChange[] {
  const came: KeptChange[] = []
  const went: KeptChange[] = []
  for (const [id, was] of nodes) {
    const kept = keepNode(id, was, namespaces)
    if (kept?.kind === 'deleted') went.push(kept)
    else if (kept) came.push(kept)
  }
  for (const list of rows) {
    const node = namespaces.get(list.nsId)
    if (node) came.push(keepRows(list, namespaces.place(node)))
  }
  return [...came, ...went]
}

function keepNode(
  id: string,
  was: PlacedNode | undefined,
  namespaces: NamespaceTable,
): KeptChange | undefined {
  const node = namespaces.get(id)
  if (!node) return was && { kind: 'deleted', ...was }
  const place = namespaces.place(node)
  if (!was) return { kind: 'created', node, place }
  const isThere = was.node.name === node.name && was.node.parent === node.parent
  return isThere
    ? { kind: 'changed', node, place }
    : { kind: 'moved', from: was.place, node, place }
}

function keepRows(list: ChangedList, place: NamespacePlace): KeptRows {
  const { family, type, upserted } = list
  const kind = family === FAMILY.resource ? 'resources' : 'templates'
  const removed = new Set(list.removed)
  // Who got another key has left one and come under another.
  if (removed.size > 0) for (const { id } of upserted) removed.delete(id)
  return { kind, place, type, upserted, removed: [...removed] }
}

/** The namespaces at or above what changed, before and after. */
export function linesOf(kept: KeptChange): readonly (readonly string[])[] {
  return kept.kind === 'moved' ? [kept.from.line, kept.place.line] : [kept.place.line]
}

export function presentChange(kept: KeptChange): NamespaceChange {
  if ('upserted' in kept) {
    const { kind, type, removed } = kept
    const { path } = kept.place
    const upserted = kept.upserted.map((row) => presentRow(row, path, row.revision))
    return { kind, path, type, upserted, removed }
  }
  const { node, place } = kept
  if (kept.kind === 'deleted') return { kind: 'deleted', path: place.path, id: node.id }
  // The root, of which the name is configured, is never told of: it does not change.
  const namespace = presentNode(node, place.path, '')
  return kept.kind === 'moved'
    ? { kind: 'moved', path: kept.from.path, namespace }
    : { kind: kept.kind, namespace }
}

/** What it costs to keep a change. */
export function bytesOfKept(kept: KeptChange): number {
  if ('node' in kept) {
    return kept.place.path.length + kept.node.comment.length + ROW_BYTES
  }
  let bytes = kept.removed.length * ROW_BYTES
  for (const { properties } of kept.upserted) bytes += ROW_BYTES + lengthOf(properties)
  return bytes
}

const ROW_BYTES = 64

function lengthOf(properties: Properties): number {
  let length = 0
  for (const name in properties) length += name.length + (properties[name] as string).length
  return length
}
