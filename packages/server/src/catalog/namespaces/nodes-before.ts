/**
 * The namespaces that a batch of changes is about to change: who is told of it has to be told
 * where they were.
 *
 * @module
 */

import type { Batch } from '../engine.ts'
import { namespaceKey, parseNamespaceKey } from '../key-schema.ts'
import type { NamespaceNode, NamespacePlace, NamespaceTable } from './namespace-table.ts'

/** A namespace and where it was. */
export interface PlacedNode {
  readonly node: NamespaceNode
  readonly place: NamespacePlace
}

/** Every namespace that a batch concerns, by id; undefined: it was not there. */
export type NodesBefore = ReadonlyMap<string, PlacedNode | undefined>

const PREFIX = namespaceKey('')
const NONE: NodesBefore = new Map()

/** In the order of the changes. */
export function nodesBefore({ changes }: Batch, namespaces: NamespaceTable): NodesBefore {
  let nodes: Map<string, PlacedNode | undefined> | undefined
  for (const change of changes) {
    const key = change.kind === 'put' ? change.entry.key : change.key
    if (!key.startsWith(PREFIX)) continue
    const id = parseNamespaceKey(key)
    const node = namespaces.get(id)
    nodes ??= new Map()
    nodes.set(id, node && { node, place: namespaces.place(node) })
  }
  return nodes ?? NONE
}
