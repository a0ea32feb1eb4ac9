/**
 * An engine that a test can break in the ways in which engines break. While nothing is broken it
 * is the engine that it stands before.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import { untilAborted } from '@rollcall/runtime'
import type {
  Batch,
  Commit,
  CommitResult,
  ContentSize,
  Engine,
  EngineStatus,
  Leases,
  Range,
  RangeQuery,
  Replaced,
  Restorable,
  Snapshot,
} from '../catalog/engine.ts'

const unavailable = () => new RegistryError('unavailable', 'The engine was cut off by a test.')

export class BreakableEngine implements Engine {
  readonly leases: Leases
  readonly #engine: Engine
  readonly #watches = new Set<(error: RegistryError) => void>()
  readonly #listeners = new Set<() => void>()
  #isCutOff = false
  #broken: string | undefined
  #nextWatch: RegistryError | undefined
  #gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined
  #lost = 0
  #endsNextLease = false

  constructor(engine: Engine) {
    this.#engine = engine
    const { leases } = engine
    this.leases = {
      grant: async (request) => {
        const lease = await this.#reached(() => leases.grant(request))
        if (this.#endsNextLease) await leases.revoke(lease.id)
        this.#endsNextLease = false
        return lease
      },
      keepAlive: (ids) => this.#reached(() => leases.keepAlive(ids)),
      revoke: (id) => this.#reached(() => leases.revoke(id)),
      timeToLive: (id) => this.#reached(() => leases.timeToLive(id)),
    }
  }

  /** Nothing reaches it, and watches end, until `mend`. */
  cutOff(): void {
    this.#isCutOff = true
    this.endWatches(unavailable())
  }

  mend(): void {
    this.#isCutOff = false
    this.#setBroken(undefined)
  }

  /** It refuses writes and says why, as with a full disk; reads and watches go on. */
  breakWrites(reason: string): void {
    this.#setBroken(reason)
  }

  /** Ends all watches with an error. */
  endWatches(error: RegistryError): void {
    for (const end of Array.from(this.#watches)) end(error)
  }

  /** As when the engine has forgotten what came after the view: the next watch is refused. */
  compact(): void {
    this.#nextWatch = new RegistryError('compacted', 'A test has compacted the engine.')
    this.endWatches(unavailable())
  }

  /** Watches stay silent until `resumeWatches`; commits go on. */
  pauseWatches(): void {
    if (this.#gate) return
    let open = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    this.#gate = { opened, open }
  }

  resumeWatches(): void {
    this.#gate?.open()
    this.#gate = undefined
  }

  /** The next `count` commits are done, and their answers are lost. */
  loseAnswers(count: number): void {
    this.#lost = count
  }

  /** As when it stalls for a ttl: the next lease has ended as soon as it is granted. */
  endNextLease(): void {
    this.#endsNextLease = true
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#engine.run(signal)
  }

  async commit(commit: Commit): Promise<CommitResult> {
    if (this.#broken !== undefined) throw unavailable()
    const result = await this.#reached(() => this.#engine.commit(commit))
    if (this.#lost === 0) return result
    this.#lost -= 1
    throw new RegistryError('outcome_unknown', 'A test has lost the answer.')
  }

  range(query: RangeQuery): Promise<Range> {
    return this.#reached(() => this.#engine.range(query))
  }

  revision(): Promise<number> {
    return this.#reached(() => this.#engine.revision())
  }

  snapshot(): Promise<Snapshot> {
    return this.#reached(() => this.#engine.snapshot())
  }

  checkRoom(size: ContentSize): Promise<void> {
    return this.#reached(() => this.#engine.checkRoom(size))
  }

  restore(source: Restorable, signal: AbortSignal): Promise<Replaced> {
    return this.#reached(() => this.#engine.restore(source, signal))
  }

  async *watch(fromRevision: number, signal: AbortSignal): AsyncIterable<readonly Batch[]> {
    if (this.#isCutOff) throw unavailable()
    const refused = this.#nextWatch
    this.#nextWatch = undefined
    if (refused) throw refused
    const ending = new AbortController()
    const either = AbortSignal.any([signal, ending.signal])
    const failures: RegistryError[] = []
    const end = (error: RegistryError) => {
      failures.push(error)
      ending.abort()
    }
    this.#watches.add(end)
    try {
      for await (const batches of this.#engine.watch(fromRevision, either)) {
        while (this.#gate && !either.aborted) {
          await Promise.race([this.#gate.opened, untilAborted(either)])
        }
        if (either.aborted) break
        yield batches
      }
      const [failure] = failures
      if (failure) throw failure
    } finally {
      this.#watches.delete(end)
    }
  }

  status(): EngineStatus {
    return { ...this.#engine.status(), broken: this.#broken }
  }

  onStatus(listener: () => void): () => void {
    const own = () => {
      listener()
    }
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }

  #setBroken(reason: string | undefined): void {
    if (this.#broken === reason) return
    this.#broken = reason
    for (const listener of Array.from(this.#listeners)) listener()
  }

  async #reached<T>(act: () => Promise<T>): Promise<T> {
    if (this.#isCutOff) throw unavailable()
    return await act()
  }
}
