import { limitExceeded, hasCode } from '@rollcall/protocol/errors'
import type { CatalogCore } from '../catalog-core.ts'
import type { KeyedLeaseEntry, KeyedLeases, LeaseSummary, Written } from '../catalog.ts'
import { grantedTtlMs } from '../engine/lease-terms.ts'
import type { KeyValue, Operation } from '../engine.ts'
import { compareKeys } from '../key-order.ts'
import { leaseInnerKey, leaseMetaKey } from '../key-schema.ts'
import { LEASE_LIMITS } from '../limits.ts'
import { checkKey, checkText, checkValue, leaseNotFound } from '../refusals.ts'
import {
  endKeyedLease,
  engineLeasesOf,
  keyedLeaseState,
  letGo,
  type TimedEntry,
} from './keyed-lease.ts'
import { putMeta, putUsed, summarize, type LeaseMeta } from './lease-meta.ts'
import { leaseFromElsewhere } from './lease-use.ts'
import { checkTtl, KEYED_GRACE_MS } from './ttl.ts'

type FoundEntry = KeyedLeaseEntry & { readonly lease: LeaseSummary }

/** raftd's leases. See `keyed-lease.ts` for what one consists of, and `KeyedLeases`. */
export class KeyedLeaseStore implements KeyedLeases {
  readonly #core: CatalogCore

  constructor(core: CatalogCore) {
    this.#core = core
  }

  async grant(request: {
    readonly ttlMs: number
    readonly name: string
  }): Promise<LeaseSummary & Written> {
    const { ttlMs, name } = request
    checkTtl(ttlMs, LEASE_LIMITS.ttlMs - KEYED_GRACE_MS)
    checkText('lease name', name, LEASE_LIMITS.nameBytes)
    const { engine, clock } = this.#core.options
    // What the engine will grant to each key.
    const ofKeysMs = grantedTtlMs(ttlMs)
    const { id } = await engine.leases.grant({ ttlMs: ofKeysMs + KEYED_GRACE_MS })
    const meta: LeaseMeta = {
      id,
      ttlMs: ofKeysMs,
      name,
      kind: 'raftd',
      state: 'CREATE',
      createdMs: clock.wallMs(),
    }
    const { revision } = await this.#core.commit({ compares: [], then: [putMeta(meta)] })
    return { ...summarize(meta), revision, isBehind: await this.#core.isBehind(revision) }
  }

  async keepAlive(id: number, { key, value }: KeyedLeaseEntry): Promise<void> {
    checkKey(key)
    checkValue(value)
    const meta = await this.#meta(id)
    const before = this.#core.tables.leases.inner(id).get(key)
    // Renewed before it is written, so that what is written has a full ttl.
    const [own, ofKey] = await this.#core.options.engine.leases.keepAlive(
      before ? [id, before.lease] : [id],
    )
    if (!own) throw leaseNotFound(id)
    if (!before || !ofKey) await this.#add(meta, { key, value })
    else if (Buffer.compare(before.value, value) !== 0)
      await this.#change(meta, { ...before, value })
  }

  async refreshAll(id: number): Promise<void> {
    const meta = await this.#meta(id)
    const [own] = await this.#core.options.engine.leases.keepAlive(engineLeasesOf(this.#core, meta))
    if (!own) throw leaseNotFound(id)
  }

  async revoke(id: number): Promise<void> {
    await this.#meta(id)
    const { revision } = await endKeyedLease(this.#core, id)
    await this.#core.isBehind(revision)
  }

  async get(
    id: number,
  ): Promise<
    LeaseSummary & { readonly remainingMs: number; readonly keys: readonly TimedEntry[] }
  > {
    const meta = this.#core.tables.leases.get(id)
    if (meta?.kind !== 'raftd') throw leaseNotFound(id)
    return { ...summarize(meta), ...(await keyedLeaseState(this.#core, meta)) }
  }

  find(query: {
    readonly namePrefix: string
    readonly key: string | undefined
    readonly match: 'exact' | 'prefix'
  }): readonly FoundEntry[] {
    const { namePrefix, key = '', match } = query
    const { leases } = this.#core.tables
    const isExact = query.key !== undefined && match === 'exact'
    const found: FoundEntry[] = []
    for (const meta of leases.named(namePrefix)) {
      const inner = leases.inner(meta.id)
      const keys = isExact
        ? [key]
        : [...inner.keys()].filter((name) => name.startsWith(key)).sort(compareKeys)
      const lease = summarize(meta)
      for (const name of keys) {
        const entry = inner.get(name)
        if (entry) found.push({ key: name, value: entry.value, lease })
      }
    }
    return found
  }

  async #meta(id: number): Promise<LeaseMeta> {
    const meta = this.#core.tables.leases.get(id) ?? (await leaseFromElsewhere(this.#core, id))
    if (meta.kind !== 'raftd') throw leaseNotFound(id)
    return meta
  }

  async #change(meta: LeaseMeta, { key: stored, value, lease }: KeyValue): Promise<void> {
    try {
      await this.#commit(meta.id, [{ kind: 'put', key: stored, value, lease }])
    } catch (error) {
      if (!hasCode(error, 'lease_not_found') || error.details['lease'] !== lease) throw error
      // The key ended meanwhile.
      await this.#add(meta, { key: stored.slice(leaseInnerKey(meta.id, '').length), value })
    }
  }

  async #add(meta: LeaseMeta, { key, value }: KeyedLeaseEntry): Promise<void> {
    const { id, ttlMs, state } = meta
    const { keysPerLease } = LEASE_LIMITS
    const inner = this.#core.tables.leases.inner(id)
    if (inner.size >= keysPerLease && !inner.has(key)) {
      throw limitExceeded('keys in a lease', keysPerLease, inner.size + 1)
    }
    const { id: lease } = await this.#core.options.engine.leases.grant({ ttlMs })
    const put: Operation = { kind: 'put', key: leaseInnerKey(id, key), value, lease }
    try {
      await this.#commit(id, state === 'CREATE' ? [put, putUsed(meta)] : [put])
    } catch (error) {
      await letGo(this.#core, [lease])
      throw error
    }
  }

  /** Writes into a lease that is there, or not at all. */
  async #commit(id: number, then: readonly Operation[]): Promise<void> {
    const exists = { kind: 'exists', key: leaseMetaKey(id), exists: true } as const
    const { revision, succeeded } = await this.#core.commit({ compares: [exists], then })
    if (!succeeded) throw leaseNotFound(id)
    await this.#core.isBehind(revision)
  }
}
