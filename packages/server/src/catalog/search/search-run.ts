import type { SearchHit, SearchPage } from '../resource-catalog.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import { namesOf, stepsOf, valueOf, type ValueMatcher } from './matcher.ts'
import type { Page } from './page.ts'
import type { PlaceSet } from './place-set.ts'
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
  /** The property that is asked for, if one is: a list that all rows and hits share. */
  readonly #asked: readonly string[] | undefined
  /** Where any is: what matched of rows that are on the page. Rows never change, so it stays true. */
  readonly #matched = new Map<ResourceRow, readonly string[]>()
  #scanned = 0

  constructor(options: SearchRunOptions) {
    const { key } = options
    this.options = options
    this.#asked = key === undefined ? undefined : [key]
  }

  /** Finds rows by `look`, and makes a page of them. */
  async run(
    look: (run: SearchRun) => Promise<void>,
    present: (row: ResourceRow, matched: readonly string[]) => SearchHit,
  ): Promise<{ readonly page: Omit<SearchPage, 'next'>; readonly next: number | undefined }> {
    const { source, work } = this.options
    let stop = () => {}
    try {
      await this.#catchUp()
      stop = source.index.observe((row) => this.#came.push(row))
      await look(this)
      do {
        await this.#catchUp()
        const came = this.#came
        this.#came = []
        await this.judge(came)
        await this.#tellMatched()
      } while (this.#came.length > 0 || source.behind > 0)
      const { rows, next } = this.options.page.close((place, row) => this.#isHit(place, row))
      const hits = rows.map((row) => present(row, this.#asked ?? this.#matched.get(row) ?? []))
      return { page: { hits, scanned: this.#scanned }, next }
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

  /** Walks all rows in the order of hits from where the page begins, as long as it takes any. */
  async walk(): Promise<void> {
    const { page, scope, source, tuning, work } = this.options
    let { from } = page
    for (;;) {
      const { keys: places, values: rows } = source.index.order.take(from, tuning.batch)
      let at = 0
      for (const row of rows) {
        const place = places[at] as number
        if (!page.takes(place)) return
        at += 1
        if (!scope.has(row)) continue
        const matches = this.#matches(row)
        if (matches === true || (await matches)) page.add(place, row)
      }
      const last = places.at(-1)
      if (last === undefined || places.length < tuning.batch) return
      from = last + 1
      await work.step(tuning.batch)
    }
  }

  /** Walks the places of a value that matches in the same way. Answers how many it looked at. */
  async addAll(places: PlaceSet): Promise<number> {
    const { page, tuning, work } = this.options
    let { from } = page
    let count = 0
    for (;;) {
      const taken = places.take(from, tuning.batch)
      const looked = this.#addPlaces(taken)
      count += looked
      const last = taken.at(-1)
      if (last === undefined || looked < taken.length || looked < tuning.batch) return count
      from = last + 1
      await work.step(tuning.batch)
    }
  }

  /** Looks at rows one by one, in whatever order. */
  async judge(rows: readonly ResourceRow[]): Promise<void> {
    const { page, scope, work } = this.options
    for (const row of rows) {
      const place = this.#placeNow(row)
      if (place !== undefined && page.takes(place) && scope.has(row)) {
        const matches = this.#matches(row)
        if (matches === true || (await matches)) page.add(place, row)
      }
      const wait = work.step()
      if (wait) await wait
    }
  }

  /** Adds the row at a place that a value leads to, if any is there. */
  add(place: number): void {
    const { page, scope, source } = this.options
    if (!page.takes(place)) return
    const row = source.index.order.rowAt(place)
    if (row && scope.has(row)) page.add(place, row)
  }

  /** Answers how many of them the page may take: the first ones, since they are in order. */
  #addPlaces(places: readonly number[]): number {
    let count = 0
    for (const place of places) {
      if (!this.options.page.takes(place)) return count
      this.add(place)
      count += 1
    }
    return count
  }

  /** Undefined when the row has gone: what was its place may be another's. */
  #placeNow(row: ResourceRow): number | undefined {
    const { order } = this.options.source.index
    const place = order.placeOf(row)
    return order.rowAt(place) === row ? place : undefined
  }

  /** A pattern may take a while on each value, everything else takes none. */
  #matches(row: ResourceRow): boolean | Promise<boolean> {
    if (this.options.matcher.mode === 'regex') return this.#matchesPattern(row)
    for (const name of namesOf(row, this.#asked)) if (this.test(valueOf(row, name))) return true
    return false
  }

  async #matchesPattern(row: ResourceRow): Promise<boolean> {
    const { matcher, work } = this.options
    for (const name of namesOf(row, this.#asked)) {
      if (this.test(valueOf(row, name))) return true
      await work.step(stepsOf(matcher))
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
    const { matcher, page, work } = this.options
    if (this.#asked) return
    for (const row of page.rows) {
      if (this.#matched.has(row)) continue
      const names = namesOf(row, undefined)
      this.#matched.set(
        row,
        names.filter((name) => this.test(valueOf(row, name))),
      )
      if (matcher.mode === 'regex') await work.step(stepsOf(matcher) * names.length)
    }
  }

  #isHit(place: number, row: ResourceRow): boolean {
    const { source, scope } = this.options
    return source.index.order.rowAt(place) === row && scope.has(row)
  }
}
