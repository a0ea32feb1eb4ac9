import { limitExceeded } from '@rollcall/protocol/errors'
import type { CatalogCore } from '../catalog-core.ts'
import { COMMIT_LIMITS } from '../engine.ts'
import { Slices } from '../engine/slices.ts'
import type { Hold, Holds } from '../holds.ts'
import { FAMILY } from '../key-schema.ts'
import { commitOrLose, Lost, untilWon } from '../lost-races.ts'
import { markHosts } from '../machines/host-marks.ts'
import type { NamespaceReads } from '../namespaces/namespace-reads.ts'
import type { Resource, ResourceWritten } from '../resource-catalog.ts'
import type { SchemaChecks } from '../resource-types/schema-checks.ts'
import type { WriteQueue } from '../write-queue.ts'
import { presentRow } from './present-row.ts'
import { checkType } from './resource-checks.ts'
import { RowAttempt, type RowWrite } from './row-attempt.ts'

export interface RowWriterOptions {
  readonly core: CatalogCore
  readonly reads: NamespaceReads
  readonly queue: WriteQueue
  readonly holds: Holds
  readonly schemas: SchemaChecks
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

  /** In one step, so that what it compares is what it was decided upon. */
  async #tryOnce(write: RowWrite): Promise<ResourceWritten | Lost | typeof TOO_WIDE> {
    const { core, holds } = this.#options
    const attempt = new RowAttempt(this.#options, write)
    // One that is short is gone through, so that what it is refused for is told before anything is held.
    for (const _ of attempt.steps()) if (attempt.isLong) return TOO_WIDE
    if (attempt.needsHold) return TOO_WIDE
    const { places, seen, operations } = attempt.plan
    const changes = write.family === FAMILY.resource ? attempt.draft.changes() : []
    const hosts = markHosts(changes, core.tables.hosts, core.view.revision)
    const compares = [holds.isAsSeen(write.type), ...places, ...seen, ...hosts.compares]
    if (compares.length > COMMIT_LIMITS.compares) return TOO_WIDE
    const revision = await commitOrLose(core, {
      compares,
      then: [...operations, ...hosts.operations, ...write.marks],
    })
    return revision instanceof Lost ? revision : this.#answer(attempt, revision)
  }

  /** Whatever becomes of it, the type is given back. */
  async #tryHeld(write: RowWrite, hold: Hold): Promise<ResourceWritten | Lost> {
    const { core, holds } = this.#options
    try {
      const attempt = await this.#attemptHeld(write)
      if (attempt instanceof Lost) {
        await holds.release(hold)
        return attempt
      }
      const { places, operations } = attempt.plan
      const compares = [hold.compare, ...places]
      if (compares.length > COMMIT_LIMITS.compares) {
        throw limitExceeded('namespaces in one write', COMMIT_LIMITS.compares - 1, places.length)
      }
      const then = [...operations, hold.release, ...write.marks]
      const revision = await commitOrLose(core, { compares, then })
      if (!(revision instanceof Lost)) return this.#answer(attempt, revision)
      await holds.release(hold)
      return revision
    } catch (error) {
      await holds.release(hold)
      throw error
    }
  }

  /** In slices: nothing of the type changes meanwhile, on any node. */
  async #attemptHeld(write: RowWrite): Promise<RowAttempt | Lost> {
    const { core } = this.#options
    const slices = new Slices(core.options.clock)
    const attempt = new RowAttempt(this.#options, write)
    for (const _ of attempt.steps()) {
      if (!slices.isOver()) continue
      await slices.pause()
      if (!attempt.isAsSeen) return new Lost(core.view.revision)
    }
    return attempt
  }

  async #answer({ draft, told }: RowAttempt, revision: number): Promise<ResourceWritten> {
    const { core } = this.#options
    // From before the view takes the write over, in the turn in which it then goes on here.
    const slices = new Slices(core.options.clock)
    const isBehind = await core.isBehind(revision)
    const resources: Resource[] = []
    for (const { row, path } of told) {
      resources.push(presentRow(row, path, draft.revisionOf(row) ?? revision))
      if (slices.isOver()) await slices.pause()
    }
    return { resources, revision, isBehind }
  }
}
