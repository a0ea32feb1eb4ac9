/**
 * Lists that come page by page.
 *
 * @module
 */

import { LIMITS } from '@rollcall/protocol'

/** What to ask for the next page with: as much as there may be, after the page before. */
export interface PageQuery {
  readonly limit: number
  readonly cursor?: string
}

/** Reads pages as they are asked for, until one says that none follows. */
export async function* everyPage<Page extends { readonly next: string | null }>(
  read: (query: PageQuery) => Promise<Page>,
): AsyncGenerator<Page, void, undefined> {
  let cursor: string | null = null
  do {
    const page: Page = await read({
      limit: LIMITS.pageMax,
      ...(cursor === null ? {} : { cursor }),
    })
    yield page
    cursor = page.next
  } while (cursor !== null)
}
