import type { CatalogCore } from '../catalog-core.ts'
import { COMMIT_LIMITS, type Operation } from '../engine.ts'
import { FAMILY, type ListFamily } from '../key-schema.ts'
import type { NamespaceReads } from '../namespaces/namespace-reads.ts'
import type { SchemaChecks } from '../resource-types/schema-checks.ts'
import type { ViewTables } from '../view/tables.ts'
import type { ResourceRow } from './resource-index.ts'
import { RowPlan } from './row-commit.ts'
import { RowDraft, type DraftRow } from './row-draft.ts'
import { SeenPaths } from './seen-paths.ts'

export interface RowWrite {
  readonly type: string
  readonly family: ListFamily
  /** What is read, decided about and written: ids, hostnames. Writes of one node wait for each other there. */
  readonly objects: readonly string[]
  /** Committed along. */
  readonly marks: readonly Operation[]
  /**
   * Changes the draft step by step, and answers whom to tell of, if anybody, after each. Reads the
   * view, and is called again with a newer one after a lost race. Throws what it refuses.
   */
  readonly decide: (
    draft: RowDraft,
    paths: SeenPaths,
  ) => Iterable<DraftRow | ResourceRow | undefined>
}

export interface RowAttemptOptions {
  readonly core: CatalogCore
  readonly reads: NamespaceReads
  readonly schemas: SchemaChecks
}

/** Who is told of, and where it was when that was decided: a namespace may move meanwhile. */
export interface ToldRow {
  readonly row: DraftRow | ResourceRow
  readonly path: string
}

/** One try at a write: what is drafted upon the view as it is, and the plan of its commit. */
export class RowAttempt {
  readonly draft: RowDraft
  readonly plan: RowPlan
  readonly told: ToldRow[] = []
  readonly #options: RowAttemptOptions
  readonly #write: RowWrite
  readonly #tables: ViewTables
  readonly #paths: SeenPaths

  constructor(options: RowAttemptOptions, write: RowWrite) {
    const { core, reads, schemas } = options
    const { tables } = core
    const type = tables.types.get(write.type)
    this.#options = options
    this.#write = write
    this.#tables = tables
    this.#paths = new SeenPaths(reads, write.family)
    this.plan = new RowPlan(write.family)
    this.draft = new RowDraft({
      table: write.family === FAMILY.resource ? tables.resources : tables.templates,
      type,
      checkSchema: (properties) => {
        schemas.check(type, properties)
      },
    })
  }

  /** Does all of it. Who holds the type may pause between two steps, and then asks `isAsSeen`. */
  *steps(): Generator<void, void, undefined> {
    const { reads } = this.#options
    for (const row of this.#write.decide(this.draft, this.#paths)) {
      if (row) this.told.push({ row, path: reads.pathOf(row.nsId) })
      yield
    }
    for (const change of this.draft.changes()) {
      this.plan.add(change)
      yield
    }
  }

  /** It takes more compares than a commit has. */
  get isLong(): boolean {
    return this.draft.size > COMMIT_LIMITS.compares
  }

  /** It is long, or rests on what no compare can tell. */
  get needsHold(): boolean {
    return this.isLong || this.draft.needsHold
  }

  /** What a hold does not keep as it is: where paths lead, and that it is this view and no other. */
  get isAsSeen(): boolean {
    return this.#options.core.tables === this.#tables && this.#paths.areAsSeen
  }
}
