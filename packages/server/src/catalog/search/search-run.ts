import type { SearchHit, SearchPage } from '../resource-catalog.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import { stepsOf, valuesOf, type ValueMatcher } from './matcher.ts'
import type { Page } from './page.ts'
import type { Placed } from './postings.ts'
import type { Scope } from './scope.ts'
import { STEPS_PER_CHANGE, type SearchIndex } from './search-index.ts'
import type { SearchTuning } from './search-tuning.ts'
import type { SearchWork } from './work.ts'

export interface SearchRunOptions {
  readonly source: SearchIndex
  readonly scope: Scope
  readonly matcher: ValueMatcher
  /** Undefined: any property. */
  readonly key: string | undefined
  readonly page: Page
  readonly work: SearchWork
  readonly tuning: SearchTuning
}

/**
 * One search, from the first value that it looks at to the page that it answers with. However
 * often others had their turn in between, the page is what is true at the moment at which it is
 * closed: rows that come meanwhile are looked at too, and what is no longer there is left out.
 */
export class SearchRun {
  readonly options: SearchRunOptions
  /** Rows that came while others had their turn. */
  #came: ResourceRow[] = []
  /** What matched of rows that are on the page. Rows never change, so it stays true. */
  readonly #matched = new Map<ResourceRow, readonly string[]>()
  #scanned = 0

  constructor(options: SearchRunOptions) {
    this.options = options
  }

  /** Finds rows by `look`, and makes a page of them. */
  async run(
    look: (run: SearchRun) => Promise<void>,
    present: (row: ResourceRow) => SearchHit['resource'],
  ): Promise<{ readonly page: Omit<SearchPage, 'next'>; readonly next: number | undefined }> {
    const { source, work } = this.options
    await this.#catchUp()
    const stop = source.index.observe((row) => this.#came.push(row))
    try {
      await look(this)
      do {
        await this.#catchUp()
        const came = this.#came
        this.#came = []
        await this.judge(came)
        await this.#tellMatched()
      } while (this.#came.length > 0 || source.behind > 0)
      const { hits, next } = this.options.page.close((candidate) => this.#isHit(candidate))
      const told = hits.map(({ row }) => ({
        resource: present(row),
        matched: this.#matched.get(row) ?? [],
      }))
      return { page: { hits: told, scanned: this.#scanned }, next }
    } finally {
      stop()
      work.end()
    }
  }

  /** Counts values that need no test of their own. */
  skim(values: number): void {
    this.#scanned += values
  }

  /** Tests a value. */
  test(value: string): boolean {
    this.#scanned += 1
    return this.options.matcher.test(value)
  }

  /**
   * Walks rows in the order of hits from where the page begins, as long as it takes any. Answers
   * how many it looked at.
   */
  async walk(
    rowsFrom: (place: number) => Iterable<readonly [number, ResourceRow]>,
    { areMatches = false }: { readonly areMatches?: boolean } = {},
  ): Promise<number> {
    const { page, scope, tuning, work } = this.options
    let { from } = page
    let count = 0
    for (;;) {
      const batch = takeSome(rowsFrom(from), tuning.batch)
      for (const [place, row] of batch) {
        if (!page.takes(place)) return count
        count += 1
        const isHit = scope.has(row) && (areMatches || (await this.#matches(row)))
        if (isHit) page.add({ place, row })
      }
      const last = batch.at(-1)
      if (last === undefined || batch.length < tuning.batch) return count
      from = last[0] + 1
      await work.step(tuning.batch)
    }
  }

  /** Looks at rows one by one, in whatever order. */
  async judge(rows: readonly ResourceRow[]): Promise<void> {
    const { page, scope, work } = this.options
    for (const row of rows) {
      const place = this.#placeNow(row)
      const isWanted = place !== undefined && page.takes(place) && scope.has(row)
      if (isWanted && (await this.#matches(row))) page.add({ place, row })
      const wait = work.step()
      if (wait) await wait
    }
  }

  /** Adds a row of which a value was found to match, at its place where that is known. */
  add(row: ResourceRow, place = this.#placeNow(row)): void {
    const { page, scope } = this.options
    if (place !== undefined && page.takes(place) && scope.has(row)) page.add({ place, row })
  }

  /** Undefined when the row has gone: what was its place may be another's. */
  #placeNow(row: ResourceRow): number | undefined {
    const { order } = this.options.source.index
    const place = order.placeOf(row)
    return order.isCurrent(place, row) ? place : undefined
  }

  /** A pattern may take a while on each value, everything else takes none. */
  async #matches(row: ResourceRow): Promise<boolean> {
    const { key, matcher, work } = this.options
    for (const [, value] of valuesOf(row, key)) {
      if (this.test(value)) return true
      if (matcher.mode === 'regex') await work.step(stepsOf(matcher))
    }
    return false
  }

  /** Lets the index take over what has changed. */
  async #catchUp(): Promise<void> {
    const { source, work } = this.options
    while (source.takeOver()) {
      const wait = work.step(STEPS_PER_CHANGE)
      if (wait) await wait
    }
  }

  async #tellMatched(): Promise<void> {
    const { key, matcher, page, work } = this.options
    for (const { row } of page.candidates) {
      if (this.#matched.has(row)) continue
      const matched: string[] = []
      for (const [name, value] of valuesOf(row, key)) {
        if (this.test(value)) matched.push(name)
        if (matcher.mode === 'regex') await work.step(stepsOf(matcher))
      }
      this.#matched.set(row, matched)
    }
  }

  #isHit({ place, row }: Placed): boolean {
    const { source, scope } = this.options
    return source.index.order.isCurrent(place, row) && scope.has(row)
  }
}

/** What comes next in an order. */
export function takeSome<T>(items: Iterable<T>, count: number): T[] {
  const taken: T[] = []
  for (const item of items) {
    taken.push(item)
    if (taken.length === count) break
  }
  return taken
}
