/**
 * Restoring writes the new content beside the old, as the next generation, and then changes one
 * key. Until then nothing that anybody sees has changed, and whatever ends the work early leaves
 * only what the sweeper takes away.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { hasCode, type RegistryError } from '@rollcall/protocol/errors'
import { invariant, start, type Clock } from '@rollcall/runtime'
import { RestoreCheck, type Restored as RestoredEntry } from '../../catalog/engine/restore-check.ts'
import type { Restorable } from '../../catalog/engine.ts'
import type { EtcdClient } from './etcd-client.ts'
import { EtcdFailure, outcomeUnknown, unavailable } from './etcd-failure.ts'
import { decodeGeneration, encodeGeneration, toLogical, type Generation } from './generation.ts'
import { etcdLease } from './keyspace.ts'
import type { RequestOp } from './messages.ts'
import { METHODS } from './methods.ts'
import { nest } from './nest.ts'
import { counts, type Reader } from './reader.ts'
import { endLease, type RestoreLock } from './restore-lock.ts'
import type { Session } from './session.ts'

/** Most of one transaction. */
const SLICE = { puts: 2_000, bytes: 512 * 1_024 }
const NEST_WITHIN = 126
/** How long a step is tried while members fail. */
const STEP_WITHIN_MS = 15_000
const STEP_MS = 5_000
const RETRY_AFTER_MS = 200
const GRANTS_AT_ONCE = 50

export interface RestoreOptions {
  readonly client: EtcdClient
  readonly session: Session
  readonly reader: Reader
  readonly lock: RestoreLock
  /** Of the new content: one that nothing in etcd has. */
  readonly number: number
  readonly source: Restorable
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Renews a lease, by its id in etcd. */
  readonly renew: (lease: string) => Promise<unknown>
}

export interface Restored {
  /** The one that counts from now on. */
  readonly generation: Generation
  /** The revision of etcd at which it began. */
  readonly begunAt: number
}

/** Rejects as the port says. */
export async function restoreInto(options: RestoreOptions): Promise<Restored> {
  const { session, source, clock, number, renew } = options
  const check = new RestoreCheck(source)
  // Whether the revisions of the source leave room is known before anything is written.
  check.revisionAfter(session.generation.base)
  const leases = check.leases.map(({ id }) => etcdLease(number, id))
  const renewAll = async () => {
    await Promise.allSettled(leases.map(renew))
  }
  const shortestMs = Math.min(...check.leases.map(({ ttlMs }) => ttlMs))
  await using _keeping = start({
    run: async (stop) => {
      if (leases.length === 0) return
      while (await clock.sleep(shortestMs / 3, stop)) await renewAll()
    },
  })
  const restored = await new Restore(options, check).run()
  // From now on they count, with their full ttl.
  await renewAll()
  return restored
}

class Restore {
  readonly #options: RestoreOptions
  readonly #check: RestoreCheck
  readonly #digest = new ContentDigest()
  #puts: RequestOp[] = []
  #bytes = 0

  constructor(options: RestoreOptions, check: RestoreCheck) {
    this.#options = options
    this.#check = check
  }

  async run(): Promise<Restored> {
    const begunAt = await this.#revision()
    await this.#grantLeases()
    for await (const page of this.#options.source.pages()) {
      for (const entry of page) {
        this.#checkGoing()
        this.#check.entry(entry)
        await this.#add(entry)
      }
    }
    await this.#flush()
    await this.#readBack()
    this.#checkGoing()
    return { begunAt, generation: await this.#switch(begunAt) }
  }

  async #grantLeases(): Promise<void> {
    const { number, session } = this.#options
    const { leases } = this.#check
    for (let from = 0; from < leases.length; from += GRANTS_AT_ONCE) {
      this.#checkGoing()
      const some = leases.slice(from, from + GRANTS_AT_ONCE)
      const grants = some.map(({ id, ttlMs }) => {
        const grant = { ID: etcdLease(number, id), TTL: ttlMs / 1_000 }
        return this.#grant(grant)
      })
      await Promise.all(grants)
      for (const { id, ttlMs } of some) {
        const key = session.keyspace.lease(number, id)
        await this.#put({ key, value: Buffer.from(String(ttlMs)), lease: etcdLease(number, id) })
      }
    }
  }

  /** One that an earlier restore has left behind may have another ttl, and little time. */
  async #grant(grant: { readonly ID: string; readonly TTL: number }): Promise<void> {
    const { client } = this.#options
    let isAsked = false
    await this.#surely(async () => {
      try {
        await client.call(METHODS.grant, grant)
      } catch (error) {
        const exists = error instanceof EtcdFailure && error.kind === 'lease_exists'
        if (exists && isAsked) return
        isAsked = true
        if (!exists) throw error
        await endLease(client, grant.ID)
        await client.call(METHODS.grant, grant)
      }
    })
  }

  async #add({ key, value, lease }: RestoredEntry): Promise<void> {
    const { number, session } = this.#options
    const stored = session.keyspace.entry(number, key)
    this.#digest.add(stored, value)
    await this.#put({ key: stored, value, lease: lease === 0 ? '0' : etcdLease(number, lease) })
  }

  async #put(put: { key: Buffer; value: Uint8Array; lease: string }): Promise<void> {
    this.#puts.push({ request_put: put })
    this.#bytes += put.key.length + put.value.byteLength
    if (this.#puts.length >= SLICE.puts || this.#bytes >= SLICE.bytes) await this.#flush()
  }

  async #flush(): Promise<void> {
    const nested = nest(this.#puts, NEST_WITHIN)
    invariant(nested !== undefined, 'a slice fits into one transaction')
    this.#puts = []
    this.#bytes = 0
    const { client, lock } = this.#options
    const request = { compare: [lock.isMine], success: nested.operations }
    const { succeeded } = await this.#surely(() => client.call(METHODS.txn, request, STEP_MS))
    if (!succeeded) throw lockLost()
  }

  /** What etcd has is what was sent. */
  async #readBack(): Promise<void> {
    const { number, session, reader } = this.#options
    const there = new ContentDigest()
    const revision = await this.#revision()
    for await (const chunk of reader.chunks(session.keyspace.below(number, ''), { revision })) {
      this.#checkGoing()
      for (const { key, value } of chunk) there.add(key, value)
    }
    if (there.sum() === this.#digest.sum()) return
    throw unavailable(
      'What was written to etcd reads back otherwise; nothing was changed.',
      'damaged',
    )
  }

  async #switch(before: number): Promise<Generation> {
    const { client, number, session, lock } = this.#options
    const { place } = session
    const base = this.#check.revisionAfter(toLogical(place.generation, before)) - before
    const key = session.keyspace.generation
    const request = {
      compare: [counts(place), lock.isMine],
      success: [{ request_put: { key, value: encodeGeneration({ number, base }) } }],
    }
    let refusal: unknown
    try {
      const put = () => client.call(METHODS.txn, request)
      const { succeeded, header } = await this.#surely(put, switchUnknown)
      if (succeeded) return { number, base, modRevision: Number(header?.revision) }
      refusal = lockLost()
    } catch (error) {
      if (!hasCode(error, 'engine_full')) throw error
      refusal = error
    }
    const { kvs } = await client.read(METHODS.range, { key })
    const found = kvs[0] && decodeGeneration(kvs[0])
    // An earlier try was done and its answer was lost, or this one used up what room there was.
    if (found?.number === number) return found
    throw refusal
  }

  async #revision(): Promise<number> {
    const { reader } = this.#options
    return (await reader.now(({ keyspace }) => ({ key: keyspace.restore }))).revision
  }

  #checkGoing(): void {
    if (this.#options.signal.aborted) throw calledOff()
  }

  /** Tries what may be done twice until it was done. `lost` is told where it may have been done. */
  async #surely<T>(step: () => Promise<T>, lost?: () => RegistryError): Promise<T> {
    const { clock, signal } = this.#options
    const giveUpMs = clock.monotonicMs() + STEP_WITHIN_MS
    let mayBeDone = false
    for (;;) {
      try {
        return await step()
      } catch (error) {
        if (!(error instanceof EtcdFailure)) throw error
        mayBeDone ||= error.kind === 'no_answer'
        const mayRetry = error.kind === 'no_answer' || error.kind === 'busy'
        const isTime = clock.monotonicMs() < giveUpMs
        if (mayRetry && isTime && (await clock.sleep(RETRY_AFTER_MS, signal))) continue
        if (mayBeDone && lost) throw lost()
        throw error.kind === 'lease_missing' ? leaseEnded() : error.refusal()
      }
    }
  }
}

/** Keys and values in their order, as one number. */
class ContentDigest {
  readonly #hash = createHash('sha256')
  #count = 0

  add(key: Buffer, value: Uint8Array): void {
    this.#hash.update(`${key.length}:${value.byteLength}:`).update(key).update(value)
    this.#count += 1
  }

  sum(): string {
    return `${this.#count}:${this.#hash.copy().digest('hex')}`
  }
}

function lockLost(): RegistryError {
  const message = 'Another restore began while this one stood still; nothing was changed.'
  return unavailable(message, 'restoring')
}

function calledOff(): RegistryError {
  return unavailable('The restore was called off; nothing was changed.', 'called_off')
}

function leaseEnded(): RegistryError {
  const message = 'A lease ended while it was restored; nothing was changed.'
  return unavailable(message, 'lease_ended')
}

function switchUnknown(): RegistryError {
  return outcomeUnknown('etcd did not answer the last step; look which content there is.')
}
