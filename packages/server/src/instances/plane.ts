/**
 * The instance plane of one node: what its faces call. Holds no rules of its own; each
 * operation has its file, and `plane-core.ts` keeps the state.
 *
 * @module
 */

import type { Actor } from '@rollcall/runtime'
import type { InstanceKey, InstanceRef, ServiceKey } from '../model/instance-key.ts'
import type { ProtectionAction } from '../model/vocabulary.ts'
import { cancel } from './cancel.ts'
import type { ChangeListener } from './change-feed.ts'
import { SHIP_WAIT_MS, TICK_MS } from './constants.ts'
import type { ShownInstance } from './entry.ts'
import { explain, type Explanation, type ExplainQuery } from './explain.ts'
import type { FactsRequest } from './facts.ts'
import { find, instanceNotFound, resolve } from './find.ts'
import { superseded } from './generation.ts'
import { lastRenewedWallMs, leave, onStall, sweep } from './lapse.ts'
import { NOBODY, type Neighbours } from './neighbours.ts'
import { load, type LoadTally, type StoredInstance } from './load.ts'
import { PlaneCore, type PlaneOptions } from './plane-core.ts'
import { forbidsProtection, policyOf, type ProtectionState } from './protection.ts'
import { register, registerSelf, type RegisterRequest } from './register.ts'
import { renew, renewLive, renewMany, type Evidence } from './renew.ts'
import { resume, tokenOf, type Resumption } from './resume.ts'
import { protect, set, type Patch } from './set.ts'
import { elsewhere, list, snapshot, type ListQuery } from './views.ts'

export interface Registered {
  /** Whether this began a new life. */
  readonly created: boolean
  readonly instance: ShownInstance
}

/** What became of a batch of renewals, by index of the request. */
export interface BatchRenewal {
  readonly missing: readonly number[]
  readonly superseded: readonly number[]
  /** Node id of the home of each that was renewed. */
  readonly homes: ReadonlyMap<number, string>
}

export interface PlaneStats {
  /** With something to show. */
  readonly services: number
  /** Live ones and tombstones. */
  readonly records: number
  /** Shown or hidden. */
  readonly live: number
  readonly shown: number
  readonly tombstones: number
  readonly held: number
  readonly protectedServices: number
  readonly revision: number
}

/** Whether a write is to reach the other nodes through us. */
export interface Spreading {
  readonly local?: boolean | undefined
}

export class InstancePlane implements Actor {
  readonly #core: PlaneCore

  /** Starts empty, as home of nothing. `run` must be going for deadlines to pass. */
  constructor(options: PlaneOptions) {
    const core: PlaneCore = new PlaneCore(options, {
      onStall: (delayMs) => {
        onStall(core, delayMs)
      },
      leave: (entry) => {
        leave(core, entry)
      },
    })
    this.#core = core
  }

  /** The state itself, for the parts of the plane that live beside this class. */
  get core(): PlaneCore {
    return this.#core
  }

  /** The node's id, its default env and zone. */
  get place(): { readonly node: string; readonly env: string; readonly zone: string } {
    return this.#core.options
  }

  /** Keeps time: lapses, protection, own stalls. */
  async run(signal: AbortSignal): Promise<void> {
    while (await this.#core.options.clock.sleep(TICK_MS, signal)) this.tick()
  }

  /** One step of `run`. */
  tick(): void {
    this.#core.neighbours.tick(this.#core.time.nowMs())
    sweep(this.#core)
  }

  /** Joins other nodes; the first thing that is done to a plane that is not alone. */
  useNeighbours(neighbours: Neighbours): void {
    this.#core.neighbours = neighbours
  }

  /** Takes in what was on disk, many at a time or bit by bit; to be done before clients are served. */
  load(instances: Iterable<StoredInstance>): LoadTally {
    return load(this.#core, instances)
  }

  /**
   * Throws `superseded`, `invalid_argument`, `limit_exceeded`, `ambiguous_zone`, `forbidden`.
   * `local`: whoever calls tells the other nodes itself.
   */
  register(request: RegisterRequest & Spreading): Registered {
    const { outcome, entry } = this.#spreading(request, () => register(this.#core, request))
    return { created: outcome === 'created', instance: shown(entry, request.ref) }
  }

  /** Shows the node itself as an instance of the registry. */
  registerSelf(facts: FactsRequest): void {
    registerSelf(this.#core, facts)
  }

  /** Names the instance that a reference means, as every call here takes it. Throws `ambiguous_zone`. */
  resolve(ref: InstanceRef): InstanceKey {
    return resolve(this.#core, ref)
  }

  /** Renews what lives, and answers its home; undefined, and nothing done, for what does not. Throws `ambiguous_zone`. */
  renewLive(ref: InstanceRef): string | undefined {
    return renewLive(this.#core, ref)?.record.life?.home.node
  }

  /** Answers the node id of the instance's home. Throws `instance_not_found`, `superseded`, `ambiguous_zone`. */
  renew(ref: InstanceRef, evidence: Evidence = {}): { readonly home: string } {
    const renewal = renew(this.#core, ref, evidence)
    if (renewal.outcome === 'missing') throw instanceNotFound(ref)
    const { life } = renewal.entry.record
    if (renewal.outcome === 'superseded' && life) throw superseded(life.gen)
    return { home: life?.home.node ?? '' }
  }

  /** Renews many at once. What is wrong with the request is said before any deadline moves. */
  renewMany(items: readonly (InstanceRef & Evidence)[]): BatchRenewal {
    const missing: number[] = []
    const superseded: number[] = []
    const homes = new Map<number, string>()
    renewMany(this.#core, items).forEach((renewal, at) => {
      if (renewal.outcome === 'missing') missing.push(at)
      else if (renewal.outcome === 'superseded') superseded.push(at)
      else homes.set(at, renewal.entry.record.life?.home.node ?? '')
    })
    return { missing, superseded, homes }
  }

  /** Throws `instance_not_found`, `ambiguous_zone`, `forbidden`, `invalid_argument`. */
  cancel(ref: InstanceRef, session?: number, spreading: Spreading = {}): void {
    this.#spreading(spreading, () => {
      cancel(this.#core, ref, session)
    })
  }

  /**
   * Resolves when some peer has an instance as it is now, so that the loss of this node does not
   * undo it; at once where there is no peer, and after 200 ms in any case.
   */
  async shipped(ref: InstanceRef): Promise<void> {
    const { neighbours, options } = this.#core
    const entry = find(this.#core, ref)
    if (!entry || neighbours === NOBODY) return
    await new Promise<void>((resolve) => {
      let forget = () => {}
      const cancel = options.clock.after(SHIP_WAIT_MS, () => {
        forget()
        resolve()
      })
      forget = neighbours.whenShipped(entry, () => {
        cancel()
        resolve()
      })
    })
  }

  /** Applies an operator's patch. Throws `instance_not_found`, `limit_exceeded`, `forbidden`. */
  set(ref: InstanceRef, patch: Patch, spreading: Spreading = {}): ShownInstance {
    return shown(
      this.#spreading(spreading, () => set(this.#core, ref, patch)),
      ref,
    )
  }

  #spreading<T>({ local = false }: Spreading, act: () => T): T {
    this.#core.spreads = !local
    try {
      return act()
    } finally {
      this.#core.spreads = true
    }
  }

  /** Ends, forbids or allows protection of a service. Throws `service_not_found`. */
  protect(
    key: ServiceKey,
    action: ProtectionAction,
  ): { readonly protected: ProtectionState | null; readonly forbidden: boolean } {
    protect(this.#core, key, action)
    const service = this.#core.table.service(key)
    if (service) this.#core.protection.review(service, this.#core.time.nowMs())
    return {
      protected: this.snapshot(key).protected,
      forbidden: service !== undefined && forbidsProtection(policyOf(service)),
    }
  }

  /** The revision of a service's last visible change; undefined for an unknown one. Changes whenever its snapshot does. */
  revisionOf(key: ServiceKey): number | undefined {
    return this.#core.table.service(key)?.revision
  }

  snapshot(key: ServiceKey) {
    return snapshot(this.#core, key)
  }

  list(query: ListQuery) {
    return list(this.#core, query)
  }

  /** Where else a service of this name is shown. */
  elsewhere(key: ServiceKey) {
    return elsewhere(this.#core, key)
  }

  /** One instance. Throws `instance_not_found`, `ambiguous_zone`. */
  instance(ref: InstanceRef): { instance: ShownInstance; lastRenewedAtMs: number | undefined } {
    const entry = find(this.#core, ref)
    if (entry?.isShown() !== true) throw instanceNotFound(ref)
    return { instance: entry, lastRenewedAtMs: lastRenewedWallMs(this.#core, entry) }
  }

  explain(query: ExplainQuery): Explanation {
    return explain(this.#core, query)
  }

  /** Calls `listener` with every later change of a service; read the snapshot right after. */
  subscribe(key: ServiceKey, listener: ChangeListener): () => void {
    return this.#core.feed.subscribe(key, listener)
  }

  /** Tells the listeners of a service what waits for them now. */
  flush(key: ServiceKey): void {
    this.#core.feed.flush(key)
  }

  /** The token of the changes that the listeners of all these services have been told. */
  deliveredToken(keys: readonly ServiceKey[]): string {
    return tokenOf(this.#core, this.#core.feed.deliveredRevision(keys))
  }

  /** What a service's watcher missed since a token. Throws `invalid_argument` for garbage. */
  resume(key: ServiceKey, token: string): Resumption {
    return resume(this.#core, key, token)
  }

  /** The token that names a revision of this node's changes. */
  token(revision: number): string {
    return tokenOf(this.#core, revision)
  }

  stats(): PlaneStats {
    const { shownServices, liveCount, shownCount, tombstones, protection, feed } = this.#core
    return {
      services: shownServices,
      records: liveCount + tombstones.size,
      live: liveCount,
      shown: shownCount,
      tombstones: tombstones.size,
      held: protection.heldCount,
      protectedServices: protection.holdingCount,
      revision: feed.revision,
    }
  }
}

function shown(entry: { isShown(): boolean }, ref: InstanceRef): ShownInstance {
  if (!isShown(entry)) throw instanceNotFound(ref)
  return entry
}

function isShown(entry: { isShown(): boolean }): entry is ShownInstance & typeof entry {
  return entry.isShown()
}
