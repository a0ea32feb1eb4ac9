/**
 * Candidacies: what elections, locks and groups stand on. A candidate is a key under a lease;
 * the queue is in the order of the revisions that created them, and that revision is the fencing
 * token of whoever leads. Commits of one election never share a revision, so no two candidates
 * have one place.
 *
 * @module
 */

import { hasCode, invalidArgument, RegistryError } from '@rollcall/protocol/errors'
import type { Written } from './catalog.ts'
import type { CatalogCore } from './catalog-core.ts'
import type { Candidacy } from './election-table.ts'
import type { KeyValue, OperationResult } from './engine.ts'
import { candidacyKey, electionPrefix } from './key-schema.ts'
import { useLeases } from './leases/lease-use.ts'
import { ELECTION_LIMITS } from './limits.ts'
import { checkKey, checkRevision, checkText, checkValue } from './refusals.ts'

export interface CampaignRequest {
  readonly name: string
  readonly candidate: string
  /** A native lease: the candidacy ends with it. */
  readonly lease: number
  readonly value: Uint8Array
}

export interface CampaignAnswer extends Written {
  /** The revision that created the candidacy. */
  readonly token: number
  /** False: it stood already, under the same lease, and is left as it is. */
  readonly created: boolean
}

export class Elections {
  readonly #core: CatalogCore

  constructor(core: CatalogCore) {
    this.#core = core
  }

  /**
   * Puts a candidate into the queue. Rejects with `already_exists` where it stands under another
   * lease, with `lease_lost` where its lease is gone.
   */
  async campaign(request: CampaignRequest): Promise<CampaignAnswer> {
    const { name, candidate, lease, value } = request
    checkElection(name)
    checkKey(candidate)
    checkValue(value)
    const key = candidacyKey(name, candidate)
    try {
      const { revision, succeeded, results } = await this.#core.commit({
        compares: [{ kind: 'exists', key, exists: false }],
        then: [{ kind: 'put', key, value, lease }, ...(await useLeases(this.#core, [lease]))],
        otherwise: [{ kind: 'get', key }],
        serial: electionPrefix(name),
      })
      const standing = succeeded ? undefined : entryOf(results[0])
      if (standing && standing.lease !== lease) throw standsAlready(request)
      const token = standing?.createRevision ?? revision
      const isBehind = await this.#core.isBehind(revision)
      return { token, created: succeeded, revision, isBehind }
    } catch (error) {
      throw hasCode(error, 'lease_not_found') ? leaseLost(lease) : error
    }
  }

  /** Takes a candidate out; answers whether it stood with this token. */
  async resign(request: {
    readonly name: string
    readonly candidate: string
    readonly token: number
  }): Promise<Written & { readonly resigned: boolean }> {
    const { name, candidate, token } = request
    checkElection(name)
    checkKey(candidate)
    checkRevision('token', token)
    const key = candidacyKey(name, candidate)
    const { revision, succeeded } = await this.#core.commit({
      compares: [
        { kind: 'exists', key, exists: true },
        { kind: 'revision', key, of: 'create', is: '=', revision: token },
      ],
      then: [{ kind: 'delete', key }],
      serial: electionPrefix(name),
    })
    return { resigned: succeeded, revision, isBehind: await this.#core.isBehind(revision) }
  }

  /** Who stands, from the view, in the order in which they lead. */
  queue(name: string): readonly Candidacy[] {
    return this.#core.tables.elections.queue(name)
  }

  /** Who leads, from the view. Whether it still does, only the token's use can tell. */
  leader(name: string): Candidacy | undefined {
    return this.queue(name)[0]
  }
}

function checkElection(name: string): void {
  if (name === '') throw invalidArgument('An election has a name.', { field: 'name' })
  checkText('election name', name, ELECTION_LIMITS.nameBytes)
  checkText('escaped election name', electionPrefix(name), ELECTION_LIMITS.escapedNameBytes)
}

function entryOf(result: OperationResult | undefined): KeyValue | undefined {
  return result?.kind === 'got' ? result.entry : undefined
}

function standsAlready({ name, candidate }: CampaignRequest): RegistryError {
  const message = `"${candidate}" stands for "${name}" under another lease; use that, or another name.`
  return new RegistryError('already_exists', message, { details: { name, candidate } })
}

function leaseLost(lease: number): RegistryError {
  const message = `Lease ${lease} is gone, and what stood under it; begin again with a new one.`
  return new RegistryError('lease_lost', message, { details: { lease } })
}
