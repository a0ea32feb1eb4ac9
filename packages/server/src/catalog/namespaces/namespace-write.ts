/**
 * What the writes of namespaces have in common.
 *
 * @module
 */

import type { CatalogCore } from '../catalog-core.ts'
import type { Compare, Operation } from '../engine.ts'
import { namespaceKey, siblingKey } from '../key-schema.ts'
import { alreadyExists, forbidden, placeName } from '../refusals.ts'
import { BUILT_IN, encodeNamespace, type NamespaceRecord } from './namespace-record.ts'
import type { NamespaceNode } from './namespace-table.ts'
import type { NamespaceReads } from './namespace-reads.ts'

/** What a write is done with. */
export interface NamespaceWrite {
  readonly core: CatalogCore
  readonly reads: NamespaceReads
  /** Committed along. */
  readonly marks: readonly Operation[]
}

/** A namespace is as it was seen; one that nobody has written about has the revision 0. */
export function isAsSeen({ id, revision }: NamespaceNode): Compare {
  return { kind: 'revision', key: namespaceKey(id), of: 'mod', is: '=', revision }
}

/** A namespace is still there. What is in every catalog needs no compare: it cannot be deleted. */
export function isThere({ id }: Pick<NamespaceNode, 'id'>): readonly Compare[] {
  return BUILT_IN.has(id) ? [] : [{ kind: 'exists', key: namespaceKey(id), exists: true }]
}

/** No sibling has the name. */
export function isFree(parentId: string, name: string): Compare {
  return { kind: 'exists', key: siblingKey(parentId, name), exists: false }
}

export function putNode(id: string, record: NamespaceRecord): Operation {
  return { kind: 'put', key: namespaceKey(id), value: encodeNamespace(record) }
}

export function putName(id: string, { parent, name }: NamespaceRecord): Operation {
  return { kind: 'put', key: siblingKey(parent, name), value: Buffer.from(id) }
}

/** Refuses to touch what every catalog has. */
export function checkNotBuiltIn({ id }: NamespaceNode, path: string): void {
  if (!BUILT_IN.has(id)) return
  throw forbidden(`${placeName(path)} is part of every registry and stays where it is.`, { path })
}

/** Refuses a name that a sibling has already. */
export function checkFree({ core, reads }: NamespaceWrite, parentId: string, name: string): void {
  const sibling = core.tables.namespaces.child(parentId, name)
  if (!sibling) return
  const path = reads.path(sibling)
  throw alreadyExists(`There is a namespace "${path}" already; choose another name.`, { path })
}
