/**
 * All namespaces at the paths of a watch and below, with what they hold, page by page.
 *
 * A page tells what is so when it is read, and changes are told beside the pages. Namespaces are
 * gone through by their ids, which stay when they are renamed or moved meanwhile; what is made
 * meanwhile is told as a change.
 *
 * @module
 */

import type { NsSnapshotEvent } from '@rollcall/protocol'
import type { Catalog, Namespace, Resource } from '../../catalog/index.ts'
import { presentNamespace, presentResource } from '../present-resources.ts'
import type { CatalogTopic } from './catalog-topic.ts'
import { frame, withRevision } from './frames.ts'
import type { PathSet } from './path-set.ts'
import { STEP_MAX_BYTES, STEP_MAX_ENTRIES } from './step-limits.ts'
import type { Opening, TopicFrame } from './topic.ts'
import type { Turns } from './turns.ts'

/** Rows that are read at once; each may be long, and a list cannot be cut where it became too long. */
const ROWS_AT_ONCE = 64

export interface NsSnapshotOptions {
  readonly catalog: Catalog
  readonly paths: PathSet
  readonly turns: Turns
}

/** A namespace whose rows are being told. */
interface Current {
  readonly id: string
  /** Types that are yet to be told, the first of them perhaps begun. */
  types: readonly string[]
  /** Where the rows of that type go on, and under which path that was. */
  after: { readonly place: string; readonly path: string } | undefined
}

export class NsSnapshot implements Opening {
  readonly isLong = true
  readonly topic: CatalogTopic
  readonly #catalog: Catalog
  readonly #paths: PathSet
  readonly #turns: Turns
  #at = 0
  /** Of the path that is being told; undefined before its first page. */
  #ids: Iterator<string> | undefined
  #current: Current | undefined
  #isBegun = false

  constructor(topic: CatalogTopic, { catalog, paths, turns }: NsSnapshotOptions) {
    this.topic = topic
    this.#catalog = catalog
    this.#paths = paths
    this.#turns = turns
  }

  mayGoOn(then: () => void): boolean {
    return this.#turns.mayGoOn(then)
  }

  get needsChanges(): boolean {
    return this.#isBegun
  }

  next(): TopicFrame | undefined {
    const path = this.#paths.paths[this.#at]
    if (path === undefined) return undefined
    // What this page has already must not come after it.
    this.topic.flush()
    const isWhole = this.#paths.paths.length === 1 && !this.#isBegun
    this.#isBegun = true
    if (isWhole && this.topic.page) {
      this.#at += 1
      return this.topic.page
    }
    return this.#read(path, isWhole)
  }

  #read(path: string, isWhole: boolean): TopicFrame {
    const page = new Page(path, this.#catalog.status().viewRevision)
    this.#ids ??= this.#idsBelow(path)
    while (!page.isFull && this.#fill(page, this.#ids));
    if (!page.event.more) {
      this.#at += 1
      this.#ids = undefined
    }
    const isLast = this.#at === this.#paths.paths.length
    const encoded = withRevision([frame('ns-snapshot', page.event)], page.event.revision, 0)
    const told = { ...encoded, more: !isLast }
    if (isWhole && isLast) this.topic.keepPage(told)
    return told
  }

  #idsBelow(path: string): Iterator<string> {
    const { namespaces } = this.#catalog
    if (!namespaces.find(path)) return [][Symbol.iterator]()
    return Array.from(namespaces.below(path), ({ id }) => id)[Symbol.iterator]()
  }

  /** Takes one list of rows, or one namespace, into a page. Answers false after the last. */
  #fill(page: Page, ids: Iterator<string>): boolean {
    const current = this.#current
    const namespace = current && this.#find(current.id)
    const [type] = current?.types ?? []
    if (current && namespace && type !== undefined) {
      this.#fillRows(page, { current, namespace, type })
      return true
    }
    const next = ids.next()
    this.#current = undefined
    if (next.done === true) {
      page.event.more = false
      return false
    }
    const id = next.value
    const begun = this.#find(id)
    if (!begun) return true
    page.add(begun)
    const { resources } = this.#catalog.namespaces.tree(begun.path, 0)
    this.#current = { id, types: [...resources.keys()].sort(), after: undefined }
    return true
  }

  #fillRows(
    page: Page,
    { current, namespace, type }: { current: Current; namespace: Namespace; type: string },
  ): void {
    const { path, kind } = namespace
    const template = kind === 'inner'
    // A place in a list is one under a path: after a move the list is told from its start.
    const after = current.after?.path === path ? current.after.place : undefined
    const query = { type, ns: path, template, after, limit: page.room }
    const found = this.#catalog.resources.list(query)
    page.addRows(found.resources, template)
    if (found.next === undefined) current.types = current.types.slice(1)
    current.after = found.next === undefined ? undefined : { place: found.next, path }
  }

  /** A namespace that is still where the watch looks. */
  #find(id: string): Namespace | undefined {
    const namespace = this.#catalog.namespaces.byId(id)
    return namespace && this.#paths.has(namespace.path) ? namespace : undefined
  }
}

/** What a watcher is told at once. */
class Page {
  readonly event: NsSnapshotEvent
  #entries = 0
  #bytes = 0

  constructor(path: string, revision: number) {
    this.event = { revision, path, namespaces: [], resources: [], templates: [], more: true }
  }

  /** How many rows to read for it. */
  get room(): number {
    return Math.min(Math.max(STEP_MAX_ENTRIES - this.#entries, 1), ROWS_AT_ONCE)
  }

  get isFull(): boolean {
    return this.#entries >= STEP_MAX_ENTRIES || this.#bytes >= STEP_MAX_BYTES
  }

  add(namespace: Namespace): void {
    this.event.namespaces.push(presentNamespace(namespace))
    this.#entries += 1
    this.#bytes += namespace.path.length + namespace.comment.length
  }

  addRows(rows: readonly Resource[], template: boolean): void {
    const list = template ? this.event.templates : this.event.resources
    for (const row of rows) {
      list.push(presentResource(row))
      this.#entries += 1
      this.#bytes += sizeOf(row)
    }
  }
}

function sizeOf({ ns, properties }: Resource): number {
  let size = ns.length
  for (const [name, value] of Object.entries(properties)) size += name.length + value.length
  return size
}
