import { hasCode, limitExceeded } from '@rollcall/protocol/errors'
import type { LeaseDetail, LeaseSummary, NativeLeases, WriteOptions, Written } from '../catalog.ts'
import type { CatalogCore } from '../catalog-core.ts'
import type { IdempotentWrites } from '../idempotency.ts'
import { compareKeys } from '../key-order.ts'
import { userKey } from '../key-schema.ts'
import { LEASE_LIMITS } from '../limits.ts'
import { checkText, leaseNotFound, unavailable } from '../refusals.ts'
import { endKeyedLease, engineLeasesOf, keyedLeaseState } from './keyed-lease.ts'
import { putMeta, summarize, type LeaseMeta } from './lease-meta.ts'
import { leaseFromElsewhere } from './lease-use.ts'
import { checkTtl } from './ttl.ts'

type KeepAliveAnswer = Awaited<ReturnType<NativeLeases['keepAlive']>>

/**
 * Leases whose keys end together: one lease of the engine, with the lease's record and all its
 * keys attached to it. So a keep-alive is a renewal and never a write, and all of it ends in one
 * revision. A lease is `CREATE` until a key is attached to it. See `NativeLeases`.
 */
export class NativeLeaseStore implements NativeLeases {
  readonly #core: CatalogCore
  readonly #idempotent: IdempotentWrites

  constructor(core: CatalogCore, idempotent: IdempotentWrites) {
    this.#core = core
    this.#idempotent = idempotent
  }

  async grant(
    request: { readonly ttlMs: number; readonly name?: string | undefined } & WriteOptions,
  ): Promise<LeaseSummary & Written> {
    const { ttlMs, name = '', idempotency } = request
    checkTtl(ttlMs)
    checkText('lease name', name, LEASE_LIMITS.nameBytes)
    return this.#idempotent.once(idempotency, async (marks) => {
      const { engine, clock } = this.#core.options
      const written = async () => {
        const granted = await engine.leases.grant({ ttlMs })
        const createdMs = clock.wallMs()
        const meta: LeaseMeta = { ...granted, name, kind: 'native', state: 'CREATE', createdMs }
        const { revision } = await this.#core.commit({
          compares: [],
          then: [putMeta(meta), ...marks],
        })
        return { meta, revision }
      }
      const { meta, revision } = await written().catch(endedTooSoon)
      return { ...summarize(meta), revision, isBehind: await this.#core.isBehind(revision) }
    })
  }

  list(query: {
    readonly namePrefix: string
    readonly after?: { readonly name: string; readonly id: number } | undefined
    readonly limit: number
  }): { readonly leases: readonly LeaseSummary[]; readonly more: boolean } {
    const leases: LeaseSummary[] = []
    for (const meta of this.#core.tables.leases.named(query.namePrefix, query.after)) {
      if (leases.length === query.limit) return { leases, more: true }
      leases.push(summarize(meta))
    }
    return { leases, more: false }
  }

  async get(id: number): Promise<LeaseDetail> {
    const meta = this.#core.tables.leases.get(id)
    if (!meta) throw leaseNotFound(id)
    if (meta.kind === 'raftd') {
      const { remainingMs, keys } = await keyedLeaseState(this.#core, meta)
      return { ...summarize(meta), remainingMs, keys: keys.map(({ key }) => key) }
    }
    const state = await this.#core.options.engine.leases.timeToLive(id)
    if (!state) throw leaseNotFound(id)
    const keys = Array.from(this.#core.tables.kv.ofLease(id), userKey).sort(compareKeys)
    return { ...summarize(meta), remainingMs: state.remainingMs, keys }
  }

  async keepAlive(ids: readonly number[]): Promise<KeepAliveAnswer> {
    const { idsPerKeepAlive } = LEASE_LIMITS
    if (ids.length > idsPerKeepAlive) {
      throw limitExceeded('leases in one keep-alive', idsPerKeepAlive, ids.length)
    }
    const metas = await this.#find(ids)
    const asked = metas.flatMap((meta) => (meta ? engineLeasesOf(this.#core, meta) : []))
    const renewed = new Set<number>()
    for (const lease of await this.#core.options.engine.leases.keepAlive(asked)) {
      if (lease) renewed.add(lease.id)
    }
    return {
      renewed: metas.flatMap((meta) =>
        meta && renewed.has(meta.id) ? [{ id: meta.id, ttlMs: meta.ttlMs }] : [],
      ),
      missing: ids.filter((id) => !renewed.has(id)),
    }
  }

  async revoke(id: number): Promise<Written> {
    const meta = this.#core.tables.leases.get(id) ?? (await leaseFromElsewhere(this.#core, id))
    const { leases } = this.#core.options.engine
    const { revision } =
      meta.kind === 'raftd' ? await endKeyedLease(this.#core, id) : await leases.revoke(id)
    this.#core.learn(revision)
    return { revision, isBehind: await this.#core.isBehind(revision) }
  }

  /** Undefined for what is no lease of users, also not by what is committed by now. */
  async #find(ids: readonly number[]): Promise<(LeaseMeta | undefined)[]> {
    const { leases } = this.#core.tables
    const metas = ids.map((id) => leases.get(id))
    if (!metas.includes(undefined)) return metas
    await this.#core.readable({ consistency: 'linearizable' })
    const now = this.#core.tables.leases
    return ids.map((id) => now.get(id))
  }
}

/** An engine that stalls for a ttl may end a lease before it is written down. */
function endedTooSoon(error: unknown): never {
  if (!hasCode(error, 'lease_not_found')) throw error
  throw unavailable('The lease ended before it was written down; try again.')
}
