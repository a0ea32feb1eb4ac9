/**
 * What a revision changed in the tree, as it is kept for those who come back: with the ids that
 * lead to it, so that a rename above it does not matter, and with the rows that the view holds.
 *
 * @module
 */

import type { Batch } from '../engine.ts'
import { FAMILY, parseListKey, parseNamespaceKey, type ListFamily } from '../key-schema.ts'
import type { NamespaceChange, Properties } from '../resource-catalog.ts'
import { presentRow } from '../resources/present-row.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import type { ViewTables } from '../view/tables.ts'
import { isOf, keyOf, type BatchBefore, type PlacedNode } from './batch-before.ts'
import { presentNode } from './namespace-reads.ts'
import type { NamespacePlace } from './namespace-table.ts'

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

/**
 * What a batch has changed, now that the tables have it: namespaces first, then what is in them,
 * those that went last. What went along with its namespace is not told of.
 */
export function keepChanges(
  batch: Batch,
  before: BatchBefore,
  tables: ViewTables,
): readonly KeptChange[] {
  const came: KeptChange[] = []
  const went: KeptChange[] = []
  for (const change of batch.changes) {
    const key = keyOf(change)
    if (!isOf(FAMILY.namespace, key)) continue
    const kept = keepNode(parseNamespaceKey(key), before, tables)
    if (kept?.kind === 'deleted') went.push(kept)
    else if (kept) came.push(kept)
  }
  return [...came, ...keepRows(batch, before, tables), ...went]
}

function keepNode(id: string, before: BatchBefore, tables: ViewTables): KeptChange | undefined {
  const was = before.nodes.get(id)
  const node = tables.namespaces.get(id)
  if (!node) return was && { kind: 'deleted', ...was }
  const place = tables.namespaces.place(node)
  if (!was) return { kind: 'created', node, place }
  const isThere = was.node.name === node.name && was.node.parent === node.parent
  return isThere
    ? { kind: 'changed', node, place }
    : { kind: 'moved', from: was.place, node, place }
}

/** Of one list. */
interface Gathered {
  readonly family: ListFamily
  readonly nsId: string
  readonly type: string
  readonly upserted: ResourceRow[]
  readonly removed: Set<string>
}

function keepRows(batch: Batch, before: BatchBefore, tables: ViewTables): readonly KeptRows[] {
  const lists = new Map<string, Gathered>()
  for (const change of batch.changes) {
    const key = keyOf(change)
    const family = familyOf(key)
    const name = family && parseListKey(key)
    if (!family || name?.kind !== 'row') continue
    const { nsId, type } = name
    const listName = `${family}/${nsId}/${type}`
    const list = lists.get(listName) ?? { family, nsId, type, upserted: [], removed: new Set() }
    lists.set(listName, list)
    const table = family === FAMILY.resource ? tables.resources : tables.templates
    const row = change.kind === 'put' ? table.rowAt(key) : undefined
    if (row) list.upserted.push(row)
    const gone = before.rows.get(key)
    if (gone) list.removed.add(gone.id)
  }
  return Array.from(lists.values()).flatMap((list) => {
    const node = tables.namespaces.get(list.nsId)
    if (!node) return []
    // Who got another key has left one and come under another.
    for (const { id } of list.upserted) list.removed.delete(id)
    return [
      {
        kind: list.family === FAMILY.resource ? 'resources' : 'templates',
        place: tables.namespaces.place(node),
        type: list.type,
        upserted: list.upserted,
        removed: [...list.removed],
      } satisfies KeptRows,
    ]
  })
}

function familyOf(key: string): ListFamily | undefined {
  if (isOf(FAMILY.resource, key)) return FAMILY.resource
  return isOf(FAMILY.template, key) ? FAMILY.template : undefined
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
