/**
 * What a batch of changes is about to take away: who is told of it has to be told where it was.
 *
 * @module
 */

import type { Batch, Change } from '../engine.ts'
import { FAMILY, parseNamespaceKey } from '../key-schema.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import type { ViewTables } from '../view/tables.ts'
import type { NamespaceNode, NamespacePlace } from './namespace-table.ts'

/** A namespace and where it was. */
export interface PlacedNode {
  readonly node: NamespaceNode
  readonly place: NamespacePlace
}

/** The view before a batch, as far as the batch concerns it. */
export interface BatchBefore {
  /** Namespaces that it changes and that were there, by id. */
  readonly nodes: ReadonlyMap<string, PlacedNode>
  /** Rows that it deletes, by the name of their keys. */
  readonly rows: ReadonlyMap<string, ResourceRow>
}

/** Undefined when it concerns no namespace and nothing that one holds. */
export function lookBefore({ changes }: Batch, tables: ViewTables): BatchBefore | undefined {
  const concerned = changes.filter((change) => isOfTree(keyOf(change)))
  if (concerned.length === 0) return undefined
  const nodes = new Map<string, PlacedNode>()
  const rows = new Map<string, ResourceRow>()
  for (const change of concerned) {
    const key = keyOf(change)
    if (isOf(FAMILY.namespace, key)) {
      const node = tables.namespaces.get(parseNamespaceKey(key))
      if (node) nodes.set(node.id, { node, place: tables.namespaces.place(node) })
    } else if (change.kind === 'delete') {
      const table = isOf(FAMILY.resource, key) ? tables.resources : tables.templates
      const row = table.rowAt(key)
      if (row) rows.set(key, row)
    }
  }
  return { nodes, rows }
}

export function keyOf(change: Change): string {
  return change.kind === 'put' ? change.entry.key : change.key
}

export function isOf(family: string, key: string): boolean {
  return key.startsWith(family) && key[family.length] === '/'
}

function isOfTree(key: string): boolean {
  return isOf(FAMILY.namespace, key) || isOf(FAMILY.resource, key) || isOf(FAMILY.template, key)
}
