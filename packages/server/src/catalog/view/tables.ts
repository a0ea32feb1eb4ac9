import type { Clock } from '@rollcall/runtime'
import { ElectionTable } from '../election-table.ts'
import type { Change, KeyValue } from '../engine.ts'
import { inSlices } from '../engine/slices.ts'
import { FAMILY, type ListFamily } from '../key-schema.ts'
import { LeaseTable } from '../leases/lease-table.ts'
import { HostIndex } from '../machines/host-index.ts'
import { NamespaceTable } from '../namespaces/namespace-table.ts'
import { TypeTable } from '../resource-types/type-table.ts'
import { ChangedRows, type ChangedList } from '../resources/changed-rows.ts'
import { ResourceTable } from '../resources/resource-table.ts'
import { SearchIndex } from '../search/search-index.ts'
import { KvTable } from './kv-table.ts'
import type { Reducer } from './reducer.ts'

/** Everything that one view holds: a table for each family, and who gets which key. */
export class ViewTables {
  readonly kv = new KvTable()
  readonly leases = new LeaseTable()
  readonly elections = new ElectionTable()
  readonly namespaces = new NamespaceTable()
  readonly hosts = new HostIndex()
  /** What searches ask. */
  readonly search: SearchIndex
  readonly resources: ResourceTable
  readonly templates: ResourceTable
  readonly types = new TypeTable()
  readonly #changed = new ChangedRows()
  readonly #byFamily: ReadonlyMap<string, Reducer>

  /**
   * With a clock, what searches ask catches up by itself, from `openSearch` on; without one, it is
   * told of every change at once and only searches make it catch up.
   */
  constructor(clock?: Clock) {
    this.search = new SearchIndex(clock)
    const heard = (family: ListFamily) => this.#changed.listener(family)
    this.resources = new ResourceTable(FAMILY.resource, [this.hosts, heard(FAMILY.resource)])
    this.templates = new ResourceTable(FAMILY.template, [heard(FAMILY.template)])
    if (!clock) this.resources.tell(this.search)
    const { kv, leases, elections, namespaces, resources, templates, types } = this
    const tables = [kv, leases, elections, namespaces, resources, templates, types]
    this.#byFamily = new Map(tables.map((table): [string, Reducer] => [table.family, table]))
  }

  /**
   * Tells what searches ask of everything that was read, and of what changes from then on. To
   * index half a million resources takes longer than to read them, and a node that has read
   * them may serve: so it begins when that is done. Nothing may change meanwhile.
   */
  async openSearch(clock: Clock): Promise<void> {
    await inSlices(clock, this.resources.all(), (row) => {
      this.search.put(row, undefined)
    })
    this.resources.tell(this.search)
  }

  put(entry: KeyValue): void {
    this.#of(entry.key)?.put(entry)
  }

  /** Reads what a batch of rows brings, step by step, so that `apply` is short. Nobody sees it before. */
  *readAhead(changes: readonly Change[]): Generator<void, void, undefined> {
    yield* this.resources.readAhead(changes)
    yield* this.templates.readAhead(changes)
  }

  /** Takes over what one revision changed: each key once. Answers what that did to rows. */
  apply(changes: readonly Change[]): readonly ChangedList[] {
    return this.#changed.during(() => {
      for (const change of changes) {
        if (change.kind === 'put') this.put(change.entry)
        else this.#of(change.key)?.delete(change.key)
      }
      for (const table of this.#byFamily.values()) table.settle?.()
    })
  }

  /** Families that nobody reads from the view, such as the records of requests, have no table. */
  #of(key: string): Reducer | undefined {
    return key[1] === '/' ? this.#byFamily.get(key.charAt(0)) : undefined
  }
}
