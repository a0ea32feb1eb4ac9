/**
 * Leases: what there is lies in the file, when each ends is memory. A renewal writes nothing.
 *
 * @module
 */

import type { Random } from '@rollcall/runtime'
import { hasCode } from '@rollcall/protocol/errors'
import { endOfLease } from '../../catalog/engine/decide.ts'
import type { EngineReports } from '../../catalog/engine/engine-reports.ts'
import type { Due, LeaseBook } from '../../catalog/engine/lease-book.ts'
import {
  checkLeaseId,
  drawLeaseId,
  grantedTtlMs,
  leaseExists,
  leaseNotFound,
} from '../../catalog/engine/lease-terms.ts'
import type { Lease, Leases, LeaseState } from '../../catalog/engine.ts'
import type { Committer } from './committer.ts'
import type { Group } from './group.ts'

/** What a job weighs that carries no values. */
const JOB_BYTES = 64

export interface LmdbLeasesOptions {
  readonly book: LeaseBook
  readonly committer: Committer
  readonly random: Random
  readonly reports: Pick<EngineReports, 'expired'>
}

export class LmdbLeases implements Leases {
  readonly #options: LmdbLeasesOptions

  constructor(options: LmdbLeasesOptions) {
    this.#options = options
  }

  async grant(request: { readonly ttlMs: number; readonly id?: number }): Promise<Lease> {
    const { committer, random } = this.#options
    const ttlMs = grantedTtlMs(request.ttlMs)
    if (request.id !== undefined) checkLeaseId(request.id)
    return await committer.submit(JOB_BYTES, (group) => {
      const lease = { id: request.id ?? freeId(group, random), ttlMs }
      if (group.hasLease(lease.id)) throw leaseExists(lease.id)
      group.grant(lease)
      return lease
    })
  }

  async keepAlive(ids: readonly number[]): Promise<readonly (Lease | undefined)[]> {
    const { book, committer } = this.#options
    committer.checkOpen()
    await committer.leasesSettled(ids)
    return ids.map((id) => book.renew(id))
  }

  async revoke(id: number): Promise<{ readonly revision: number }> {
    return await this.#options.committer.submit(JOB_BYTES, (group) => {
      if (!group.hasLease(id)) throw leaseNotFound(id)
      return { revision: end(group, id) }
    })
  }

  async timeToLive(id: number): Promise<LeaseState | undefined> {
    const { book, committer } = this.#options
    committer.checkOpen()
    await committer.leasesSettled([id])
    return book.state(id)
  }

  /** Ends those that are still due. Answers false when nothing can be written at present. */
  async endDue(due: readonly Due[]): Promise<boolean> {
    const { reports } = this.#options
    const ends = await Promise.allSettled(due.map((one) => this.#endOne(one)))
    let canEnd = true
    let ended = 0
    for (const [at, outcome] of ends.entries()) {
      const one = due[at]
      if (outcome.status === 'fulfilled' && outcome.value) {
        ended += 1
        continue
      }
      if (one) this.#options.book.again(one)
      if (outcome.status === 'fulfilled') continue
      if (!isRefusal(outcome.reason)) throw outcome.reason
      canEnd = false
    }
    if (ended > 0) reports.expired(ended)
    return canEnd
  }

  async #endOne(due: Due): Promise<boolean> {
    const { book, committer } = this.#options
    return await committer.submit(JOB_BYTES, (group) => {
      if (!group.hasLease(due.id) || !book.isStillDue(due)) return false
      end(group, due.id)
      return true
    })
  }
}

function end(group: Group, id: number): number {
  const revision = group.add(endOfLease(group.keysOf(id)))
  group.endLease(id)
  return revision
}

function freeId(group: Group, random: Random): number {
  let id = drawLeaseId(random)
  while (group.hasLease(id)) id = drawLeaseId(random)
  return id
}

function isRefusal(error: unknown): boolean {
  return (['unavailable', 'outcome_unknown', 'shutting_down'] as const).some((code) =>
    hasCode(error, code),
  )
}
