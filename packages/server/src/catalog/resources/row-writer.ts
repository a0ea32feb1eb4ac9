import { limitExceeded } from '@rollcall/protocol/errors'
import type { CatalogCore } from '../catalog-core.ts'
import { COMMIT_LIMITS, type Operation } from '../engine.ts'
import type { Hold, Holds } from '../holds.ts'
import { FAMILY, type ListFamily } from '../key-schema.ts'
import { commitOrLose, Lost, untilWon } from '../lost-races.ts'
import { markHosts } from '../machines/host-marks.ts'
import type { NamespaceReads } from '../namespaces/namespace-reads.ts'
import type { ResourceWritten } from '../resource-catalog.ts'
import type { SchemaChecks } from '../resource-types/schema-checks.ts'
import type { WriteQueue } from '../write-queue.ts'
import { presentRow } from './present-row.ts'
import { checkType } from './resource-checks.ts'
import type { ResourceRow } from './resource-index.ts'
import { planRows } from './row-commit.ts'
import { RowDraft, type DraftRow } from './row-draft.ts'

export interface RowWrite {
  readonly type: string
  readonly family: ListFamily
  /** What is read, decided about and written: ids, hostnames. Writes of one node wait for each other there. */
  readonly objects: readonly string[]
  /** Committed along. */
  readonly marks: readonly Operation[]
  /**
   * Changes the draft and answers whom to tell of. Reads the view, and is called again with a
   * newer one after a lost race. Throws what it refuses.
   */
  readonly decide: (draft: RowDraft) => readonly (DraftRow | ResourceRow)[]
}

export interface RowWriterOptions {
  readonly core: CatalogCore
  readonly reads: NamespaceReads
  readonly queue: WriteQueue
  readonly holds: Holds
  readonly schemas: SchemaChecks
}

interface Decided {
  readonly draft: RowDraft
  /** Where each was when it was decided: a namespace may move meanwhile. */
  readonly told: readonly { readonly row: DraftRow | ResourceRow; readonly path: string }[]
}

/** It takes more compares than a commit has, or what no compare can tell: it needs a hold. */
const TOO_WIDE = Symbol('too wide')

/** Every write of resources: a draft upon the view, and one commit that compares what it rests on. */
export class RowWriter {
  readonly #options: RowWriterOptions

  constructor(options: RowWriterOptions) {
    this.#options = options
  }

  async write(write: RowWrite): Promise<ResourceWritten> {
    checkType(write.type)
    const { core, queue, holds } = this.#options
    const { type } = write
    const exclusive = write.objects.map((name) => `${type}/${name}`)
    const answer = await queue.run({ shared: [type], exclusive }, () =>
      untilWon(core, type, async () => {
        await holds.free(type)
        return this.#tryOnce(write)
      }),
    )
    if (answer !== TOO_WIDE) return answer
    return queue.run({ exclusive: [type] }, () =>
      untilWon(core, type, async () => {
        const hold = await holds.take(type)
        return hold instanceof Lost ? hold : this.#tryHeld(write, hold)
      }),
    )
  }

  async #tryOnce(write: RowWrite): Promise<ResourceWritten | Lost | typeof TOO_WIDE> {
    const { core, holds } = this.#options
    const { tables } = core
    const viewRevision = core.view.revision
    const decided = this.#decide(write)
    const { draft } = decided
    if (draft.needsHold) return TOO_WIDE
    const { changes } = draft
    const { places, seen, operations } = planRows(write.family, changes)
    const isOfHosts = write.family === FAMILY.resource
    const hosts = markHosts(isOfHosts ? changes : [], tables.hosts, viewRevision)
    const compares = [holds.isAsSeen(write.type), ...places, ...seen, ...hosts.compares]
    if (compares.length > COMMIT_LIMITS.compares) return TOO_WIDE
    const revision = await commitOrLose(core, {
      compares,
      then: [...operations, ...hosts.operations, ...write.marks],
    })
    return revision instanceof Lost ? revision : this.#answer(decided, revision)
  }

  /** Whatever becomes of it, the type is given back. */
  async #tryHeld(write: RowWrite, hold: Hold): Promise<ResourceWritten | Lost> {
    const { core, holds } = this.#options
    try {
      const decided = this.#decide(write)
      const { places, operations } = planRows(write.family, decided.draft.changes)
      const compares = [hold.compare, ...places]
      if (compares.length > COMMIT_LIMITS.compares) {
        throw limitExceeded('namespaces in one write', COMMIT_LIMITS.compares - 1, places.length)
      }
      const then = [...operations, hold.release, ...write.marks]
      const revision = await commitOrLose(core, { compares, then })
      if (!(revision instanceof Lost)) return this.#answer(decided, revision)
      await holds.release(hold)
      return revision
    } catch (error) {
      await holds.release(hold)
      throw error
    }
  }

  #decide(write: RowWrite): Decided {
    const { core, schemas, reads } = this.#options
    const { resources, templates, types } = core.tables
    const type = types.get(write.type)
    const draft = new RowDraft({
      table: write.family === FAMILY.resource ? resources : templates,
      type,
      checkSchema: (properties) => {
        schemas.check(type, properties)
      },
    })
    const rows = write.decide(draft)
    return { draft, told: rows.map((row) => ({ row, path: reads.pathOf(row.nsId) })) }
  }

  async #answer({ draft, told }: Decided, revision: number): Promise<ResourceWritten> {
    const resources = told.map(({ row, path }) =>
      presentRow(row, path, draft.revisionOf(row) ?? revision),
    )
    return { resources, revision, isBehind: await this.#options.core.isBehind(revision) }
  }
}
