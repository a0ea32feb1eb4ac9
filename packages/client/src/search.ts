/**
 * Searching resources.
 *
 * @module
 */

import { API_BASE, type SearchAnswer, type SearchHit, type SearchMode } from '@rollcall/protocol'
import type { CatalogCalls, ReadOptions } from './catalog-calls.ts'
import { everyPage, type PageQuery } from './pages.ts'

/** What to look for, and where. */
export interface SearchQuery extends ReadOptions {
  readonly value: string
  /** The property; `_id` is the id. Default: any, and the id. */
  readonly key?: string
  /** How the value is meant, default exact. Regular expressions are those of RE2. */
  readonly mode?: SearchMode
  /** Default: every type. */
  readonly type?: string
  /** This namespace and all below; default: the root. */
  readonly ns?: string
  /** Up to 1,000, default 100. */
  readonly limit?: number
  readonly cursor?: string
}

/** Reads one page of what is found. */
export async function search(calls: CatalogCalls, query: SearchQuery): Promise<SearchAnswer> {
  const { value, key, mode, type, ns, limit, cursor } = query
  const sought = key === undefined ? { q: value } : { key, value }
  const answer = await calls.read(`${API_BASE}/search`, query, {
    query: { ...sought, mode, type, ns, limit, cursor },
  })
  return answer.body as SearchAnswer
}

/** Reads all that is found, page by page as it is asked for. */
export async function* everyHit(
  calls: CatalogCalls,
  query: Omit<SearchQuery, 'limit' | 'cursor'>,
): AsyncGenerator<SearchHit, void, undefined> {
  const read = (page: PageQuery) => search(calls, { ...query, ...page })
  for await (const page of everyPage(read)) yield* page.hits
}
