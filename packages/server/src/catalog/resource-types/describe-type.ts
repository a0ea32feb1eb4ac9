/**
 * Describing a type anew while it is held: whatever there is of it has to fit, and is stored
 * under its new key where that is another.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { CatalogCore } from '../catalog-core.ts'
import type { Operation } from '../engine.ts'
import type { Hold, Holds } from '../holds.ts'
import { FAMILY, typeKey, type ListFamily } from '../key-schema.ts'
import { HOLD_MS, RESOURCE_LIMITS } from '../limits.ts'
import { commitOrLose, Lost } from '../lost-races.ts'
import type { NamespaceReads } from '../namespaces/namespace-reads.ts'
import type { ResourceType } from '../resource-catalog.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import { planRows } from '../resources/row-commit.ts'
import { RowDraft } from '../resources/row-draft.ts'
import { Slices } from '../engine/slices.ts'
import { KNOWN_TYPES } from './known-types.ts'
import { SchemaChecks } from './schema-checks.ts'
import { encodeType, type TypeRecord } from './type-record.ts'

/** How many that do not fit are told of. */
const MISFITS_MAX = 10
/** Rows that are looked at before the table may change again. */
const ROWS_AT_ONCE = 500

export interface DescribeTypeOptions {
  readonly core: CatalogCore
  readonly reads: NamespaceReads
  readonly holds: Holds
  readonly hold: Hold
}

interface Misfitting {
  readonly id: string
  readonly ns: string
  readonly path: string
  readonly reason: string
}

export class DescribeType {
  readonly #options: DescribeTypeOptions
  readonly #schemas = new SchemaChecks()
  readonly #slices: Slices
  #renewedMs: number

  constructor(options: DescribeTypeOptions) {
    this.#options = options
    const { clock } = options.core.options
    this.#slices = new Slices(clock)
    this.#renewedMs = clock.monotonicMs()
  }

  /** Undefined: the description is forgotten. Whatever becomes of it, the type is given back. */
  async run(record: TypeRecord | undefined, marks: readonly Operation[]): Promise<number | Lost> {
    const { core, holds, hold } = this.#options
    const { type, compare, release } = hold
    try {
      const become: ResourceType = {
        type,
        ...(record ?? { primaryKey: KNOWN_TYPES.get(type), schema: undefined }),
        revision: 0,
      }
      await this.#checkFits(become)
      const plans = await this.#moveKeys(become)
      const key = typeKey(type)
      const describe: Operation = record
        ? { kind: 'put', key, value: encodeType(record) }
        : { kind: 'delete', key }
      const revision = await commitOrLose(core, {
        compares: [compare, ...plans.flatMap(({ places }) => places)],
        then: [...plans.flatMap(({ operations }) => operations), describe, release, ...marks],
      })
      if (revision instanceof Lost) await holds.release(hold)
      return revision
    } catch (error) {
      await holds.release(hold)
      throw error
    }
  }

  /** Throws `schema_violation` with the first ten that do not fit. */
  async #checkFits(become: ResourceType): Promise<void> {
    const { core, reads } = this.#options
    const misfits: Misfitting[] = []
    for await (const { id, nsId, properties } of this.#rows([FAMILY.resource, FAMILY.template])) {
      const { primaryKey } = become
      const isKeyless = primaryKey !== undefined && (properties[primaryKey] ?? '') === ''
      const misfit = isKeyless
        ? { path: `/${primaryKey}`, reason: 'must not be empty' }
        : this.#schemas.misfit(become, properties)
      // A namespace that went meanwhile has taken along what is in it.
      const node = core.tables.namespaces.get(nsId)
      if (misfit && node) misfits.push({ id, ns: reads.path(node), ...misfit })
      if (misfits.length === MISFITS_MAX) break
    }
    const [first] = misfits
    if (!first) return
    const message = `Resources of the type "${become.type}" do not fit it, such as ${first.id} in "${first.ns}": ${first.path} ${first.reason}.`
    const resources = misfits.map((misfit) => ({ ...misfit }))
    throw new RegistryError('schema_violation', message, {
      details: { path: first.path, resources },
    })
  }

  /** Throws `already_exists` when two would have one key, `limit_exceeded` when they are too many. */
  async #moveKeys(become: ResourceType) {
    const { core } = this.#options
    const { resources, templates, types } = core.tables
    if (types.get(become.type).primaryKey === become.primaryKey) return []
    const plans: ReturnType<typeof planRows>[] = []
    let count = 0
    for (const family of [FAMILY.resource, FAMILY.template]) {
      const table = family === FAMILY.resource ? resources : templates
      const draft = new RowDraft({ table, type: become, checkSchema: () => {} })
      const rows: ResourceRow[] = []
      for await (const row of this.#rows([family])) {
        rows.push(row)
        count += 1
        if (count > RESOURCE_LIMITS.rekeyedRows) throw tooManyToRekey(become.type, count)
      }
      for (const row of rows) draft.remove(row)
      for (const row of rows) draft.add(row.nsId, row)
      plans.push(planRows(family, draft.changes()))
    }
    return plans
  }

  /** All there is of the type. Others get their turn now and then, and the hold is kept alive. */
  async *#rows(families: readonly ListFamily[]): AsyncGenerator<ResourceRow, void, undefined> {
    const { core, hold } = this.#options
    const { resources, templates } = core.tables
    for (const table of families.map((of) => (of === FAMILY.resource ? resources : templates))) {
      for (const nsId of Array.from(table.namespacesOf(hold.type))) {
        let afterKey: string | undefined
        for (;;) {
          const rows = firstOf(table.rows(hold.type, nsId, afterKey), ROWS_AT_ONCE)
          yield* rows
          if (rows.length < ROWS_AT_ONCE) break
          afterKey = rows.at(-1)?.key
          if (this.#slices.isOver(rows.length)) await this.#pause()
        }
        if (this.#slices.isOver()) await this.#pause()
      }
    }
  }

  async #pause(): Promise<void> {
    const { core, hold } = this.#options
    const { clock, engine } = core.options
    await this.#slices.pause()
    if (clock.monotonicMs() - this.#renewedMs < HOLD_MS / 4) return
    this.#renewedMs = clock.monotonicMs()
    await engine.leases.keepAlive([hold.lease])
  }
}

function tooManyToRekey(type: string, actual: number): RegistryError {
  const limit = RESOURCE_LIMITS.rekeyedRows
  const message = `More than ${limit} resources of the type "${type}" would have another primary key, or none any more, in one step; keep the key that it has, or add them anew under another type.`
  const what = 'resources with another primary key'
  return new RegistryError('limit_exceeded', message, { details: { what, limit, actual } })
}

function firstOf<Item>(items: Iterable<Item>, count: number): readonly Item[] {
  const first: Item[] = []
  for (const item of items) {
    first.push(item)
    if (first.length === count) break
  }
  return first
}
