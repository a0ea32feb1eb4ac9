/**
 * Leases of the engine in memory.
 *
 * @module
 */

import type { Random } from '@rollcall/runtime'
import type { LeaseBook } from '../../catalog/engine/lease-book.ts'
import {
  checkLeaseId,
  drawLeaseId,
  grantedTtlMs,
  leaseExists,
  leaseNotFound,
} from '../../catalog/engine/lease-terms.ts'
import type { Lease, Leases, LeaseState } from '../../catalog/engine.ts'

export interface MemoryLeasesOptions {
  readonly book: LeaseBook
  readonly random: Random
  /** Ends a lease and its keys; answers the revision. */
  readonly end: (id: number) => number
  readonly checkOpen: () => void
}

export class MemoryLeases implements Leases {
  readonly #options: MemoryLeasesOptions

  constructor(options: MemoryLeasesOptions) {
    this.#options = options
  }

  async grant(request: { readonly ttlMs: number; readonly id?: number }): Promise<Lease> {
    const { book, checkOpen } = this.#options
    checkOpen()
    const ttlMs = grantedTtlMs(request.ttlMs)
    const id = request.id ?? this.#freeId()
    checkLeaseId(id)
    if (book.has(id)) throw leaseExists(id)
    const lease = { id, ttlMs }
    book.add(lease)
    return await Promise.resolve(lease)
  }

  async keepAlive(ids: readonly number[]): Promise<readonly (Lease | undefined)[]> {
    this.#options.checkOpen()
    return await Promise.resolve(ids.map((id) => this.#options.book.renew(id)))
  }

  async revoke(id: number): Promise<{ readonly revision: number }> {
    const { book, checkOpen, end } = this.#options
    checkOpen()
    if (!book.has(id)) throw leaseNotFound(id)
    return await Promise.resolve({ revision: end(id) })
  }

  async timeToLive(id: number): Promise<LeaseState | undefined> {
    this.#options.checkOpen()
    return await Promise.resolve(this.#options.book.state(id))
  }

  #freeId(): number {
    const { book, random } = this.#options
    let id = drawLeaseId(random)
    while (book.has(id)) id = drawLeaseId(random)
    return id
  }
}
