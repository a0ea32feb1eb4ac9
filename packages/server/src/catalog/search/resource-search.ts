import { invalidArgument, limitExceeded } from '@rollcall/protocol/errors'
import type { CatalogOptions } from '../catalog-core.ts'
import { SEARCH_LIMITS } from '../limits.ts'
import { namespaceNotFound, unavailable } from '../refusals.ts'
import type { Ending, Search, SearchHit, SearchQuery } from '../resource-catalog.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import type { ViewTables } from '../view/tables.ts'
import { valueMatcher } from './matcher.ts'
import { Page } from './page.ts'
import { Scope } from './scope.ts'
import { lookUp } from './search-plan.ts'
import { SearchRun } from './search-run.ts'
import { SEARCH_TUNING, type SearchTuning } from './search-tuning.ts'
import { Gate, Work, type SearchWork } from './work.ts'

/** A place in base 36. */
const CURSOR = /^[0-9a-z]{1,11}$/

/** What a search needs of the plane. */
export interface SearchedCore {
  readonly tables: Pick<ViewTables, 'namespaces' | 'resources' | 'search'>
  readonly options: Pick<CatalogOptions, 'clock'>
}

export interface ResourceSearchOptions {
  readonly tuning?: SearchTuning
  /** Takes the place of work that waits for its turn. */
  readonly workFor?: (ending: Ending) => SearchWork
}

/** Finds resources by what is in them. See `Search` for the contract. */
export class ResourceSearch {
  readonly #core: SearchedCore
  readonly #tuning: SearchTuning
  readonly #workFor: (ending: Ending) => SearchWork
  readonly #never: Ending = { aborted: false }

  constructor(core: SearchedCore, options: ResourceSearchOptions = {}) {
    const { clock } = core.options
    const gate = new Gate(clock)
    this.#core = core
    this.#tuning = options.tuning ?? SEARCH_TUNING
    this.#workFor = options.workFor ?? ((ending) => new Work({ clock, gate, ending }))
  }

  readonly search: Search = async (query, ending = this.#never) => {
    checkQuery(query)
    if (ending.aborted) throw unavailable('The search was ended before it began.')
    const { namespaces, resources, search: source } = this.#core.tables
    if (source.behind > SEARCH_LIMITS.behind) {
      throw unavailable('What was written is still being indexed; try again in a moment.')
    }
    const { ns, type, key, value, mode, after, limit } = query
    const node = namespaces.find(ns)
    if (!node) throw namespaceNotFound(ns)
    const run = new SearchRun({
      source,
      scope: new Scope({ namespaces, resources, node, type }),
      matcher: valueMatcher(mode, value),
      key,
      page: new Page(after === undefined ? -1 : parseCursor(after), limit),
      work: this.#workFor(ending),
      tuning: this.#tuning,
    })
    const present = (row: ResourceRow, matched: readonly string[]): SearchHit => {
      const { id, nsId, type, properties, revision } = row
      const holder = namespaces.get(nsId)
      const ns = holder ? namespaces.path(holder) : ''
      return { id, ns, type, properties, revision, matched }
    }
    const { page, next } = await run.run((one) => lookUp(one, limit), present)
    return { ...page, next: next?.toString(36) }
  }
}

function checkQuery({ value, limit }: SearchQuery): void {
  const { hits, valueCharacters } = SEARCH_LIMITS
  if (!Number.isInteger(limit) || limit < 1 || limit > hits) {
    throw invalidArgument(`A search takes a limit from 1 to ${hits}.`, { field: 'limit' })
  }
  if (value.length > valueCharacters) {
    throw limitExceeded('search value characters', valueCharacters, value.length)
  }
}

/** The place of the last row of the page before; clients hand it back unread. */
function parseCursor(cursor: string): number {
  const place = CURSOR.test(cursor) ? Number.parseInt(cursor, 36) : Number.NaN
  if (Number.isSafeInteger(place)) return place
  const message = 'cursor is not one that a search gave out; start without it.'
  throw invalidArgument(message, { field: 'cursor' })
}
