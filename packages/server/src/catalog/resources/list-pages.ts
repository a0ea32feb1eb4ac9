/**
 * Pages of resources, in the order of the tree and then of their keys. A page begins where the
 * one before ended, also when that place is not there any more.
 *
 * @module
 */

import { invalidArgument } from '@rollcall/protocol/errors'
import type { NamespaceNode, NamespaceTable } from '../namespaces/namespace-table.ts'
import type { Resource } from '../resource-catalog.ts'
import { presentRow } from './present-row.ts'
import type { ResourceTable } from './resource-table.ts'

export interface PageQuery {
  readonly type: string
  readonly after: string | undefined
  readonly limit: number
}

export interface Page {
  readonly resources: readonly Resource[]
  readonly next: string | undefined
}

/** What one place holds itself. */
export interface Place {
  readonly node: NamespaceNode
  readonly path: string
}

interface Cursor {
  readonly path: string
  readonly key: string
}

const BETWEEN = ' '

/** Reads places one after the other. */
export function pageOf(table: ResourceTable, places: Iterable<Place>, query: PageQuery): Page {
  const { type, limit } = query
  const cursor = parseCursor(query.after)
  const resources: Resource[] = []
  let last: Cursor | undefined
  for (const { node, path } of places) {
    const afterKey = cursor?.path === path ? cursor.key : undefined
    for (const row of table.rows(type, node.id, afterKey)) {
      if (resources.length === limit) return { resources, next: last && printCursor(last) }
      resources.push(presentRow(row, path, row.revision))
      last = { path, key: row.key }
    }
  }
  return { resources, next: undefined }
}

/** Leaves at or below a namespace, from where a page ended. */
export function* leavesFrom(
  namespaces: NamespaceTable,
  node: NamespaceNode,
  after: string | undefined,
): Generator<Place, void, undefined> {
  const cursor = parseCursor(after)
  const names = cursor ? namesBelow(namespaces.path(node), cursor.path) : []
  for (const found of namespaces.belowFrom(node, names)) {
    if (found.kind === 'leaf') yield { node: found, path: namespaces.path(found) }
  }
}

function namesBelow(top: string, path: string): readonly string[] {
  if (path === top) return []
  const prefix = top === '' ? '' : `${top}/`
  if (!path.startsWith(prefix)) throw notOfThisList()
  return path.slice(prefix.length).split('/')
}

function printCursor({ path, key }: Cursor): string {
  return path + BETWEEN + key
}

function parseCursor(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined
  const at = text.indexOf(BETWEEN)
  if (at < 0) throw notOfThisList()
  return { path: text.slice(0, at), key: text.slice(at + BETWEEN.length) }
}

function notOfThisList() {
  const message =
    'This is no place in that list; begin without one, or take what the last page told.'
  return invalidArgument(message, { field: 'after' })
}
