/**
 * What is stored about a lease beside what the engine knows: `l/<id>/!meta`, under the lease
 * itself, so that it ends with it.
 *
 * @module
 */

import type { LeaseKind, LeaseSummary, LeaseUse } from '../catalog.ts'
import type { KeyValue, Operation } from '../engine.ts'
import { leaseMetaKey } from '../key-schema.ts'

export interface LeaseMeta extends LeaseSummary {
  /** Epoch milliseconds. */
  readonly createdMs: number
}

/** As it lies in the engine. */
interface Stored {
  readonly name: string
  readonly ttlMs: number
  readonly state: LeaseUse
  readonly kind: LeaseKind
  readonly created: number
}

export function putMeta(meta: LeaseMeta): Operation {
  const { id, name, ttlMs, state, kind, createdMs } = meta
  const stored: Stored = { name, ttlMs, state, kind, created: createdMs }
  const value = Buffer.from(JSON.stringify(stored))
  return { kind: 'put', key: leaseMetaKey(id), value, lease: id }
}

/** Marks a lease as used: from then on it is `ALIVE`. */
export function putUsed(meta: LeaseMeta): Operation {
  return putMeta({ ...meta, state: 'ALIVE' })
}

export function readMeta(id: number, { value }: KeyValue): LeaseMeta {
  const { name, ttlMs, state, kind, created } = JSON.parse(
    Buffer.from(value.buffer, value.byteOffset, value.length).toString(),
  ) as Stored
  return { id, name, ttlMs, state, kind, createdMs: created }
}

/** A lease as callers see it. */
export function summarize({ id, name, kind, ttlMs, state }: LeaseSummary): LeaseSummary {
  return { id, name, kind, ttlMs, state }
}

/** Whether bytes are such a record: whoever takes them from outside looks first. */
export function isMeta(value: Uint8Array): boolean {
  try {
    const stored = JSON.parse(Buffer.from(value).toString()) as Partial<Stored> | null
    const { name, ttlMs, state, kind, created } = stored ?? {}
    return (
      typeof name === 'string' &&
      Number.isSafeInteger(ttlMs) &&
      Number.isSafeInteger(created) &&
      (state === 'CREATE' || state === 'ALIVE') &&
      (kind === 'native' || kind === 'raftd')
    )
  } catch {
    return false
  }
}
