import type { Change, KeyValue } from '../engine.ts'
import { parseListKey, type ListFamily } from '../key-schema.ts'
import { OrderedMap } from '../ordered-map.ts'
import type { Properties } from '../resource-catalog.ts'
import { ShardedMap } from '../sharded-map.ts'
import type { Reducer } from '../view/reducer.ts'
import type { ResourceIndex, ResourceRow, ResourceRows } from './resource-index.ts'
import { decodeResource, type ResourceRecord } from './resource-record.ts'

/** What one namespace holds of one type. */
interface List {
  /** The only copies of these texts: half a million rows refer to them. */
  readonly nsId: string
  readonly type: string
  readonly rows: OrderedMap<string, ResourceRow>
  /** Of the last change, as far as keys tell it: what left is told by a key of its own. */
  revision: number
  /** Whether that key is there: without rows the list is kept for it alone. */
  isVersioned: boolean
}

/** The resources, or the templates: in order of their keys, by id, and counted by namespace. */
export class ResourceTable implements Reducer, ResourceRows {
  readonly family: ListFamily
  readonly #indexes: ResourceIndex[]
  readonly #types = new Map<string, Map<string, List>>()
  readonly #namespaces = new Map<string, Map<string, List>>()
  /** By type. Nearly every id has one row. */
  readonly #ids = new Map<string, ShardedMap<ResourceRow | readonly ResourceRow[]>>()
  /** Keys of rows that are deleted, and still in the order of their list; it may be empty then. */
  readonly #gone = new Map<List, string[]>()
  /** Records of entries that are about to be put. */
  #ahead = new Map<KeyValue, ResourceRecord>()
  #size = 0

  constructor(family: ListFamily, indexes: readonly ResourceIndex[] = []) {
    this.family = family
    this.#indexes = [...indexes]
  }

  /** How many rows there are. */
  get size(): number {
    return this.#size
  }

  /** Tells an index of every change from now on; of what there is, its caller tells it. */
  tell(index: ResourceIndex): void {
    this.#indexes.push(index)
  }

  /** All rows, list by list. Not to be changed while it is walked. */
  *all(): Generator<ResourceRow, void, undefined> {
    for (const lists of this.#types.values()) {
      for (const { rows } of lists.values()) yield* rows.values()
    }
  }

  /**
   * Reads the records that a batch brings, step by step, so that to put them is short. Nobody
   * sees anything of it, and it may be given up.
   */
  *readAhead(changes: readonly Change[]): Generator<void, void, undefined> {
    this.#ahead = new Map()
    for (const change of changes) {
      if (change.kind === 'delete') continue
      const { entry } = change
      if (!entry.key.startsWith(this.family) || parseListKey(entry.key)?.kind !== 'row') continue
      this.#ahead.set(entry, decodeResource(entry.value))
      yield
    }
  }

  put(entry: KeyValue): void {
    const name = parseListKey(entry.key)
    if (!name) return
    const list = this.#listOf(name.nsId, name.type)
    list.revision = Math.max(list.revision, entry.modRevision)
    if (name.kind === 'version') {
      list.isVersioned = true
      return
    }
    const { id, properties } = this.#ahead.get(entry) ?? decodeResource(entry.value)
    this.#ahead.delete(entry)
    const row: ResourceRow = {
      nsId: list.nsId,
      type: list.type,
      key: keyOf(name.key, properties),
      id,
      properties,
      revision: entry.modRevision,
    }
    const before = list.rows.replace(row.key, row)
    if (before) this.#forgetId(before)
    else this.#size += 1
    this.#learnId(row)
    for (const index of this.#indexes) index.put(row, before)
  }

  delete(stored: string): void {
    const name = parseListKey(stored)
    const list = name && this.#types.get(name.type)?.get(name.nsId)
    if (!list) return
    const gone = this.#gone.get(list) ?? []
    this.#gone.set(list, gone)
    if (name.kind === 'version') list.isVersioned = false
    const row = name.kind === 'row' ? list.rows.get(name.key) : undefined
    if (!row) return
    gone.push(row.key)
    this.#size -= 1
    this.#forgetId(row)
    for (const index of this.#indexes) index.delete(row)
  }

  settle(): void {
    for (const [list, keys] of this.#gone) {
      list.rows.deleteKeys(keys)
      if (list.rows.size === 0 && !list.isVersioned) this.#dropList(list)
    }
    this.#gone.clear()
  }

  types(): Iterable<string> {
    return this.#types.keys()
  }

  namespacesOf(type: string): Iterable<string> {
    return this.#types.get(type)?.keys() ?? []
  }

  *rows(type: string, nsId: string, afterKey?: string): Generator<ResourceRow, void, undefined> {
    const list = this.#types.get(type)?.get(nsId)
    if (!list) return
    for (const row of list.rows.entries(afterKey)) if (row[0] !== afterKey) yield row[1]
  }

  row(type: string, nsId: string, key: string): ResourceRow | undefined {
    return this.#types.get(type)?.get(nsId)?.rows.get(key)
  }

  byId(type: string, id: string): readonly ResourceRow[] {
    const found = this.#ids.get(type)?.get(id)
    if (found === undefined) return []
    return isOne(found) ? [found] : found
  }

  /** How many rows a namespace holds, by type. */
  counts(nsId: string): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const [type, { rows }] of this.#namespaces.get(nsId) ?? []) {
      if (rows.size > 0) counts.set(type, rows.size)
    }
    return counts
  }

  countOf(type: string, nsId: string): number {
    return this.#types.get(type)?.get(nsId)?.rows.size ?? 0
  }

  /** Of the last change of a list; 0: nothing was ever there. */
  listRevision(type: string, nsId: string): number {
    return this.#types.get(type)?.get(nsId)?.revision ?? 0
  }

  #listOf(nsId: string, type: string): List {
    const ofType = this.#types.get(type) ?? new Map<string, List>()
    this.#types.set(type, ofType)
    const known = ofType.get(nsId)
    if (known) return known
    const rows = new OrderedMap<string, ResourceRow>(undefined, compareText)
    const list = { nsId: ownText(nsId), type: ownText(type), rows, revision: 0, isVersioned: false }
    ofType.set(list.nsId, list)
    const ofNamespace = this.#namespaces.get(nsId) ?? new Map<string, List>()
    ofNamespace.set(list.type, list)
    this.#namespaces.set(list.nsId, ofNamespace)
    return list
  }

  #dropList({ nsId, type }: List): void {
    drop(this.#types, type, nsId)
    drop(this.#namespaces, nsId, type)
  }

  #learnId(row: ResourceRow): void {
    const ids = this.#ids.get(row.type) ?? new ShardedMap<ResourceRow | readonly ResourceRow[]>()
    this.#ids.set(row.type, ids)
    const known = ids.getOrAdd(row.id, row)
    if (known !== row) ids.set(row.id, isOne(known) ? [known, row] : [...known, row])
  }

  #forgetId(row: ResourceRow): void {
    const ids = this.#ids.get(row.type)
    const found = ids?.take(row.id)
    if (found && !isOne(found)) {
      const left = found.filter((other) => other !== row)
      const [only] = left
      if (only) ids?.set(row.id, left.length === 1 ? only : left)
    }
    if (ids?.size === 0) this.#ids.delete(row.type)
  }
}

function isOne(found: ResourceRow | readonly ResourceRow[]): found is ResourceRow {
  return 'id' in found
}

function drop(lists: Map<string, Map<string, List>>, outer: string, inner: string): void {
  const found = lists.get(outer)
  found?.delete(inner)
  if (found?.size === 0) lists.delete(outer)
}

/** A text that was cut from another holds on to all of it; this one does not. */
function ownText(text: string): string {
  return Buffer.from(text).toString()
}

/** The key is nearly always the text of a property, so that it needs no copy. */
function keyOf(key: string, properties: Properties): string {
  for (const name in properties) if (properties[name] === key) return properties[name]
  return ownText(key)
}

function compareText(left: string, right: string): number {
  if (left < right) return -1
  return left === right ? 0 : 1
}
