/**
 * The typed calls of leases.
 *
 * @module
 */

import {
  API_BASE,
  type GrantAnswer,
  type KeepAliveAnswer,
  type LeaseList,
  type LeaseSummary,
  type LeaseView,
  type RenewedLease,
} from '@rollcall/protocol'
import type { CatalogCalls, ReadOptions, WriteOptions } from './catalog-calls.ts'
import type { Call } from './http-transport.ts'
import { everyPage, type PageQuery } from './pages.ts'

const PATH = `${API_BASE}/leases`

export interface LeaseListQuery extends ReadOptions {
  /** Only leases whose name starts so. */
  readonly name?: string
  /** Up to 1,000, default 100. */
  readonly limit?: number
  readonly cursor?: string
}

/** How long one server may take, and when not to wait any longer. */
export type KeepAliveOptions = Pick<Call, 'timeoutMs' | 'signal'>

/** Leases: what is put with one ends with it. */
export class Leases {
  readonly #calls: CatalogCalls

  constructor(calls: CatalogCalls) {
    this.#calls = calls
  }

  /** Grants a lease. Its ttl comes back in whole seconds, 2 at least. */
  async grant(
    { ttlMs, name }: { readonly ttlMs: number; readonly name?: string },
    options: WriteOptions = {},
  ): Promise<GrantAnswer> {
    const body = { ttlMs, ...(name === undefined ? {} : { name }) }
    const answer = await this.#calls.write({ method: 'POST', path: PATH, body }, options)
    return answer.body as GrantAnswer
  }

  /** Reads a lease with its keys. Throws `lease_not_found`. */
  async get(id: number, options: ReadOptions = {}): Promise<LeaseView> {
    const answer = await this.#calls.read(pathOf(id), options)
    return answer.body as LeaseView
  }

  /** Reads one page of leases, by name and id. */
  async list(query: LeaseListQuery = {}): Promise<LeaseList> {
    const { name, limit, cursor } = query
    const answer = await this.#calls.read(PATH, query, { query: { name, limit, cursor } })
    return answer.body as LeaseList
  }

  /** Reads all leases, page by page as they are asked for. */
  async *every(
    query: Omit<LeaseListQuery, 'limit' | 'cursor'> = {},
  ): AsyncGenerator<LeaseSummary, void, undefined> {
    const read = (page: PageQuery) => this.list({ ...query, ...page })
    for await (const page of everyPage(read)) yield* page.leases
  }

  /** Gives a lease its full ttl again, counted from some time between call and answer. Throws `lease_not_found`. */
  async keepAlive(id: number, options: KeepAliveOptions = {}): Promise<RenewedLease> {
    const path = `${pathOf(id)}/keepalive`
    const answer = await this.#calls.repeatable({ method: 'POST', path, ...options })
    return answer.body as RenewedLease
  }

  /** Keeps up to 10,000 leases alive; `missing` are those that have ended. */
  async keepAliveMany(
    ids: readonly number[],
    options: KeepAliveOptions = {},
  ): Promise<KeepAliveAnswer> {
    const call = { method: 'POST', path: `${PATH}/keepalive`, body: { ids }, ...options } as const
    const answer = await this.#calls.repeatable(call)
    return answer.body as KeepAliveAnswer
  }

  /**
   * Ends a lease, and its keys in the same revision. Throws `lease_not_found`, which may also say
   * that this very call did it: its answer was lost, and it was sent again.
   */
  async revoke(id: number, options: Pick<WriteOptions, 'signal'> = {}): Promise<void> {
    await this.#calls.repeatable({ method: 'DELETE', path: pathOf(id), ...options })
  }
}

function pathOf(id: number): string {
  return `${PATH}/${id}`
}
