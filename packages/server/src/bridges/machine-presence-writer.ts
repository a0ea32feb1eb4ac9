/**
 * Writes what was judged about machines. Several nodes may come to the same judgement, and people
 * may speak meanwhile: whoever is late is told that the rows are newer, and leaves it at that.
 *
 * @module
 */

import { RegistryError, type ErrorCode } from '@rollcall/protocol/errors'
import type { Clock, Logger } from '@rollcall/runtime'
import type { ShownInstance } from '../instances/index.ts'
import type { Absences } from './machine-presence-absences.ts'
import { STATUS, writtenBy } from './machine-presence-judgement.ts'
import type { MachineCatalog, Task } from './machine-presence-review.ts'

/** A machine that is nowhere in the tree. */
export interface Stranger {
  readonly hostname: string
  readonly verdict: 'register'
  readonly shown: ShownInstance
}

export interface PresenceWriterOptions {
  readonly machines: MachineCatalog['machines']
  readonly absences: Absences
  readonly clock: Pick<Clock, 'wallMs'>
  readonly log: Logger
}

/** Commits that go together share the way to the disk. */
const AT_ONCE = 32

/** Another was faster, which is as good. */
const LATE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'revision_conflict',
  'resource_not_found',
  'already_exists',
])

/** It will be no better for the next one; the next look tries again. */
const NOT_NOW: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'unavailable',
  'generation_changed',
  'outcome_unknown',
  'engine_full',
  'shutting_down',
])

export class PresenceWriter {
  readonly #options: PresenceWriterOptions
  /** What failed the last time, so that it is told once and not with every look. */
  #trouble = ''

  constructor(options: PresenceWriterOptions) {
    this.#options = options
  }

  /** Does all tasks, or stops when the catalog cannot be written. Rejects for a bug only. */
  async write(tasks: readonly (Task | Stranger)[]): Promise<void> {
    const done: Record<string, number> = {}
    const troubles: RegistryError[] = []
    for (let at = 0; at < tasks.length; at += AT_ONCE) {
      const some = tasks.slice(at, at + AT_ONCE)
      const ends = await Promise.all(some.map((task) => this.#tryTo(task)))
      ends.forEach((end, index) => {
        const verdict = some[index]?.verdict ?? ''
        if (end === 'done') done[verdict] = (done[verdict] ?? 0) + 1
        else if (end !== 'late') troubles.push(end)
      })
      if (troubles.some(({ code }) => NOT_NOW.has(code))) break
    }
    this.#tell(done, troubles)
  }

  async #tryTo(task: Task | Stranger): Promise<'done' | 'late' | RegistryError> {
    try {
      await this.#do(task)
      this.#options.log.debug({ machine: task.hostname, verdict: task.verdict }, 'wrote presence')
      return 'done'
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      return LATE.has(error.code) ? 'late' : error
    }
  }

  async #do(task: Task | Stranger): Promise<void> {
    const { machines, absences, clock } = this.#options
    const { hostname, verdict } = task
    if (verdict === 'register') {
      await machines.register(hostname, propertiesOf(task.shown))
      return
    }
    const unlessNewer = { ifRevision: task.revision }
    if (verdict === 'remove') await machines.remove(hostname, unlessNewer)
    else await machines.merge(hostname, writtenBy(verdict, clock.wallMs()), unlessNewer)
    // Whoever returns from a sleep gets its time, however long it was not there.
    if (verdict === 'wake') absences.forget(hostname)
  }

  #tell(done: Readonly<Record<string, number>>, troubles: readonly RegistryError[]): void {
    const { log } = this.#options
    if (Object.keys(done).length > 0) log.info(done, 'wrote what machines are there')
    const [first] = troubles
    const trouble = first?.code ?? ''
    if (first && trouble !== this.#trouble) {
      const facts = { code: first.code, reason: first.message, count: troubles.length }
      log.warn(facts, 'the presence of machines could not be written; it will be tried again')
    }
    this.#trouble = trouble
  }
}

/** What the tree is told of a machine that registers by being there. */
function propertiesOf({ id, record }: ShownInstance): Readonly<Record<string, string>> {
  const { ip, addresses, sn } = record.content.metadata
  const ips = ip ?? addresses
  return {
    hostname: id,
    ...(ips !== undefined && { ip: ips }),
    ...(sn !== undefined && sn !== '' && { sn }),
    [STATUS]: 'online',
  }
}
