/**
 * What each write of resources does to the draft of one commit. A write is decided again from a
 * newer view after a lost race, so nothing is kept here between two calls.
 *
 * @module
 */

import { invalidArgument, limitExceeded } from '@rollcall/protocol/errors'
import type { CatalogCore } from '../catalog-core.ts'
import { FAMILY, type ListFamily } from '../key-schema.ts'
import { RESOURCE_LIMITS } from '../limits.ts'
import type { NamespaceReads } from '../namespaces/namespace-reads.ts'
import type { NamespaceNode } from '../namespaces/namespace-table.ts'
import { resourceNotFound, revisionConflict } from '../refusals.ts'
import type { NewResource, ResourceOperation, Transfer } from '../resource-catalog.ts'
import { drawUuid } from '../uuid.ts'
import { mergeProperties } from './resource-checks.ts'
import type { ResourceRow } from './resource-index.ts'
import type { DraftRow, RowDraft } from './row-draft.ts'
import type { RowWrite } from './row-attempt.ts'
import type { SeenPaths } from './seen-paths.ts'

type Decide = RowWrite['decide']

/** What one try at a commit is decided upon. */
interface Upon {
  readonly draft: RowDraft
  readonly paths: SeenPaths
}

export type Patch = Readonly<Record<string, string | null>>

/** Where a write happens. */
export interface WritePlace {
  readonly core: CatalogCore
  readonly reads: NamespaceReads
  readonly family: ListFamily
  /** Undefined: in every namespace. */
  readonly ns: string | undefined
}

export function addResource(place: WritePlace, resource: NewResource): Decide {
  return (draft, paths) => [insert(place, { draft, paths }, { ns: place.ns ?? '', ...resource })]
}

/** Everything of the type in one namespace becomes these. The type is held, so that what was read stays so. */
export function replaceResources(
  place: WritePlace,
  become: { readonly resources: readonly NewResource[]; readonly ifRevision: number | undefined },
): Decide {
  const { core, family, ns = '' } = place
  const { resources, ifRevision } = become
  checkCount(resources.length)
  return function* (draft, paths) {
    draft.needHold()
    const node = paths.holder(ns)
    const { type } = draft.type
    const table = family === FAMILY.resource ? core.tables.resources : core.tables.templates
    const actual = table.listRevision(type, node.id)
    if (ifRevision !== undefined && (actual > ifRevision || ifRevision > core.view.revision)) {
      throw revisionConflict({ key: `${ns} ${type}`, expected: ifRevision, actual })
    }
    yield
    checkCount(table.countOf(type, node.id) - resources.length)
    const known = new Set<string>()
    for (const row of Array.from(table.rows(type, node.id))) {
      known.add(row.id)
      draft.remove(row)
      yield
    }
    for (const { id, properties } of resources) {
      const row = { id: id ?? newId(core), properties }
      const isNamed = id !== undefined && !known.has(id)
      yield isNamed ? draft.addNamed(node.id, row) : draft.add(node.id, row)
    }
  }
}

export function mergeResource(
  place: WritePlace,
  change: {
    readonly id: string
    readonly properties: Patch
    readonly ifRevision: number | undefined
  },
): Decide {
  const { id, properties, ifRevision } = change
  return (draft) => {
    const rows = rowsOf(place, draft, id)
    checkRows(rows, id, ifRevision)
    return rows.map((row) => draft.change(row, mergeProperties(row.properties, properties)))
  }
}

export function deleteResource(place: WritePlace, id: string): Decide {
  return (draft) => {
    const rows = rowsOf(place, draft, id)
    for (const row of rows) draft.remove(row)
    return rows
  }
}

export function batchResources(
  place: WritePlace,
  operations: readonly ResourceOperation[],
): Decide {
  checkCount(operations.length)
  return function* (draft, paths) {
    for (const operation of operations) yield applyOne(place, { draft, paths }, operation)
  }
}

export function transferResources(
  place: WritePlace,
  how: 'move' | 'copy',
  { from, to, ids }: Transfer,
): Decide {
  const { core } = place
  if (how === 'copy') checkCount(ids.length)
  else checkMoved(ids.length)
  if (from === to) {
    throw invalidArgument('Source and target are the same namespace.', { field: 'to' })
  }
  checkDistinct(ids)
  return function* (draft, paths) {
    const source = paths.holder(from)
    const target = paths.holder(to)
    for (const id of ids) {
      const row = found(draft, source, { id, ns: from })
      if (how === 'move') draft.remove(row)
      const { properties } = row
      yield draft.add(target.id, { id: how === 'move' ? id : newId(core), properties })
    }
  }
}

function applyOne(place: WritePlace, upon: Upon, operation: ResourceOperation): DraftRow {
  if ('add' in operation) return insert(place, upon, operation.add)
  const { draft, paths } = upon
  const target = 'update' in operation ? operation.update : operation.delete
  const row = found(draft, paths.holder(target.ns), target)
  if ('update' in operation) {
    return draft.change(row, mergeProperties(row.properties, operation.update.properties))
  }
  draft.remove(row)
  return row
}

function insert(
  place: WritePlace,
  { draft, paths }: Upon,
  { ns, id, properties }: { readonly ns: string } & NewResource,
): DraftRow {
  const node = paths.holder(ns)
  return id === undefined
    ? draft.add(node.id, { id: newId(place.core), properties })
    : draft.addNamed(node.id, { id, properties })
}

/** Every row of an id at the place. Throws `resource_not_found`. */
function rowsOf(place: WritePlace, draft: RowDraft, id: string): readonly ResourceRow[] {
  const { core, reads, family, ns } = place
  const table = family === FAMILY.resource ? core.tables.resources : core.tables.templates
  const { type } = draft.type
  const node = ns === undefined ? undefined : reads.get(ns)
  const rows = table.byId(type, id).filter(({ nsId }) => !node || nsId === node.id)
  if (rows.length === 0) {
    throw resourceNotFound(ns === undefined ? { type, id } : { type, id, ns })
  }
  return rows
}

function found(
  draft: RowDraft,
  node: NamespaceNode,
  { id, ns }: { readonly id: string; readonly ns: string },
): DraftRow {
  const row = draft.byId(node.id, id)
  if (!row) throw resourceNotFound({ type: draft.type.type, id, ns })
  return row
}

function checkRows(rows: readonly ResourceRow[], key: string, expected: number | undefined): void {
  if (expected === undefined) return
  const actual = Math.max(...rows.map(({ revision }) => revision))
  if (actual !== expected) throw revisionConflict({ key, expected, actual })
}

function checkCount(count: number): void {
  const { rows } = RESOURCE_LIMITS
  if (count > rows) throw limitExceeded('resources in one write', rows, count)
}

function checkMoved(count: number): void {
  const { rekeyedRows } = RESOURCE_LIMITS
  if (count > rekeyedRows) throw limitExceeded('resources in one move', rekeyedRows, count)
}

function checkDistinct(ids: readonly string[]): void {
  const known = new Set<string>()
  for (const id of ids) {
    if (known.has(id)) {
      throw invalidArgument(`"${id}" is named twice; name each once.`, { field: 'ids', id })
    }
    known.add(id)
  }
}

function newId(core: CatalogCore): string {
  return drawUuid(core.options.random)
}
