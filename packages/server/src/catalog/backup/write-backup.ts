/**
 * Writes a backup from a snapshot, page by page, as it is read.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { invariant, type Clock } from '@rollcall/runtime'
import type { KeyValue, Lease, Snapshot } from '../engine.ts'
import { LEASE_PREFIX, parseLeaseKey } from '../key-schema.ts'
import { readMeta } from '../leases/lease-meta.ts'
import { Slices } from '../engine/slices.ts'
import { endLine, entryLine, headerLine, isKept, leaseLine, type BackupLease } from './format.ts'

/** Leases that are put into one piece. */
const LEASES_PER_PIECE = 1_000

export interface WriteBackupOptions {
  readonly clock: Clock
  /** Epoch milliseconds. */
  readonly createdMs: number
}

/** The pieces of the file: a page of the snapshot each, so that nobody holds more than that. */
export async function* writeBackup(
  snapshot: Snapshot,
  { clock, createdMs }: WriteBackupOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const { generation, revision } = snapshot
  const hash = createHash('sha256')
  const slices = new Slices(clock)
  const hashed = (text: string) => {
    const bytes = Buffer.from(text)
    hash.update(bytes)
    return bytes
  }
  const used = new UsedLeases(snapshot.leases)
  let count = 0
  yield hashed(headerLine({ generation, revision, createdAt: createdMs }))
  for await (const page of snapshot.pages()) {
    const kept = page.filter(({ key }) => isKept(key))
    for (const entry of kept) used.note(entry)
    count += kept.length
    if (kept.length > 0) yield hashed(kept.map(entryLine).join(''))
    if (slices.isOver(page.length)) await slices.pause()
  }
  for (const leases of used.inPieces()) {
    yield hashed(leases.map(leaseLine).join(''))
    if (slices.isOver(leases.length)) await slices.pause()
  }
  yield Buffer.from(endLine({ count, sha256: hash.digest('hex'), revision }))
}

/** The leases on which keys of the backup hang. Those of requests and of single candidacies stay out. */
class UsedLeases {
  readonly #ttls: ReadonlyMap<number, number>
  readonly #used = new Map<number, Pick<BackupLease, 'name' | 'kind'>>()

  constructor(leases: readonly Lease[]) {
    this.#ttls = new Map(leases.map(({ id, ttlMs }) => [id, ttlMs]))
  }

  note(entry: KeyValue): void {
    const { key, lease } = entry
    if (lease === 0) return
    const place = key.startsWith(LEASE_PREFIX) ? parseLeaseKey(key) : undefined
    if (place?.kind === 'meta') this.#used.set(lease, readMeta(lease, entry))
    else if (place) this.#used.set(lease, { name: '', kind: 'raftd' })
    else if (!this.#used.has(lease)) this.#used.set(lease, { name: '', kind: 'native' })
  }

  *inPieces(): Generator<readonly BackupLease[], void, undefined> {
    const ids = [...this.#used.keys()].sort((left, right) => left - right)
    for (let from = 0; from < ids.length; from += LEASES_PER_PIECE) {
      yield ids.slice(from, from + LEASES_PER_PIECE).map((id) => this.#lease(id))
    }
  }

  #lease(id: number): BackupLease {
    const ttlMs = this.#ttls.get(id)
    const used = this.#used.get(id)
    invariant(ttlMs !== undefined && used !== undefined, 'keys hang on leases of the same snapshot')
    const { name, kind } = used
    return { id, ttlMs, name, kind }
  }
}
