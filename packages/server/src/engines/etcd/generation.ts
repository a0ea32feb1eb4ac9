/**
 * Which generation of the content counts, and how its revisions and those of etcd translate. A
 * revision of the port is that of etcd and a base, which grows with each restore: etcd's own only
 * grow, but know nothing of another engine.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { KeyValue } from '../../catalog/engine.ts'
import { publicLease, type Keyspace } from './keyspace.ts'
import type { EtcdKeyValue } from './messages.ts'

export interface Generation {
  readonly number: number
  /** What is added to a revision of etcd. */
  readonly base: number
  /** The revision of etcd at which it began to count. */
  readonly modRevision: number
}

/** Where the content lies at present. */
export interface Place {
  readonly keyspace: Keyspace
  readonly generation: Generation
}

export function encodeGeneration({ number, base }: Omit<Generation, 'modRevision'>): Buffer {
  return Buffer.from(JSON.stringify({ gen: number, base }))
}

/** Throws `unavailable` for what this version does not understand. */
export function decodeGeneration({ value, mod_revision }: EtcdKeyValue): Generation {
  try {
    const { gen, base } = JSON.parse(value.toString()) as { gen?: unknown; base?: unknown }
    if (Number.isSafeInteger(gen) && Number.isSafeInteger(base)) {
      return { number: gen as number, base: base as number, modRevision: Number(mod_revision) }
    }
  } catch {
    // Told below.
  }
  throw new RegistryError('unavailable', 'The content of etcd is of another version of Rollcall.')
}

export function toLogical({ base }: Generation, etcdRevision: number | string): number {
  return base + Number(etcdRevision)
}

export function toEntry(generation: Generation, key: string, stored: EtcdKeyValue): KeyValue {
  return {
    key,
    value: stored.value,
    createRevision: toLogical(generation, stored.create_revision),
    modRevision: toLogical(generation, stored.mod_revision),
    lease: publicLease(stored.lease),
  }
}

export function generationChanged(): RegistryError {
  const message = 'The content of the catalog was replaced; read anew and try again.'
  return new RegistryError('generation_changed', message)
}
