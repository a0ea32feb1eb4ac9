/**
 * How the index is asked. Hits come in one order for all searches, so that each page goes on
 * where the one before ended; what is cheapest depends on how many rows have what is searched for.
 *
 * - In a scope with few rows: look at those.
 * - Exactly a value: its rows lie in the order of hits.
 * - A prefix: the values that begin with it lie together. Anything else: each distinct value is
 *   looked at once, whatever number of rows has it.
 * - Values that match so many rows that they are everywhere: walk all rows in the order of
 *   hits. The page is full after a few. What "so many" is makes both ways cost the same.
 *
 * @module
 */

import { OrderedMap } from '../ordered-map.ts'
import { stepsOf, type ValueMatcher } from './matcher.ts'
import { countOf, type Postings } from './postings.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import { takeSome, type SearchRun } from './search-run.ts'
import { SEVERAL, type ValueTable } from './value-table.ts'

/** Adds to the page all rows that may be on it. */
export async function lookUp(run: SearchRun, limit: number): Promise<void> {
  const { key, matcher, scope, source, tuning } = run.options
  const { index } = source
  const { few, rowCost, walkCost } = tuning
  const keys = key === undefined ? [...index.keys()] : [key]
  const tables = keys.map((name) => index.table(name)).filter((table) => table !== undefined)
  const many = Math.ceil(Math.sqrt(walkCost * limit * index.order.size)) + few
  // Of a prefix nobody knows beforehand what it costs.
  const cost = matcher.mode === 'prefix' ? few * rowCost : costOf(tables, matcher)
  const worth = Math.min(many, Math.ceil(cost / rowCost))
  if (scope.isWithin(worth)) {
    await run.judge([...scope.rows()])
  } else if (matcher.mode === 'exact') {
    for (const table of tables) await lookAtRows(run, table.find(matcher.value))
  } else if (!(await lookAtValues(run, tables, many))) {
    if (scope.isWithin(many)) await run.judge([...scope.rows()])
    else await run.walk((place) => index.order.from(place))
  }
}

/** What it costs to ask the index, in values. */
function costOf(tables: readonly ValueTable[], { mode, value }: ValueMatcher): number {
  let cost = 0
  for (const table of tables) cost += mode === 'exact' ? countOf(table.find(value)) : table.size
  return cost
}

/** Answers false when so many rows were found that there is a cheaper way. */
async function lookAtValues(
  run: SearchRun,
  tables: readonly ValueTable[],
  many: number,
): Promise<boolean> {
  const isPrefix = run.options.matcher.mode === 'prefix'
  let left = many
  for (const table of tables) {
    left = isPrefix ? await lookAtPrefix(run, table, left) : await lookAtAll(run, table, left)
    if (left <= 0) return false
  }
  return true
}

/** Answers how many more rows may be looked at. */
async function lookAtPrefix(run: SearchRun, table: ValueTable, rowsLeft: number): Promise<number> {
  const { matcher, tuning, work } = run.options
  let left = rowsLeft
  for (let from = matcher.value; ;) {
    const values = takeSome(table.from(from), tuning.batch)
    const [last] = values.at(-1) ?? ['']
    // They are in order: where the last one begins so, all do.
    const isAll = run.test(last)
    const count = isAll ? values.length : values.findIndex(([text]) => !run.test(text))
    const slots = values.slice(0, count).map(([, slot]) => slot)
    run.skim(isAll ? slots.length : 0)
    left -= await lookAtSlots(run, table, slots)
    if (!isAll || values.length < tuning.batch || left <= 0) return left
    // The first one that comes after it, if only by a character.
    from = `${last}\0`
    await work.step(tuning.batch)
  }
}

async function lookAtAll(run: SearchRun, table: ValueTable, rowsLeft: number): Promise<number> {
  const { matcher, work } = run.options
  const steps = stepsOf(matcher)
  let left = rowsLeft
  for (let slot = 0; slot < table.slots && left > 0; slot += 1) {
    if (run.test(table.textAt(slot))) left -= await lookAtSlots(run, table, [slot])
    const wait = work.step(steps)
    if (wait) await wait
  }
  return left
}

/** Adds the rows of values that match; answers how many it looked at. */
async function lookAtSlots(
  run: SearchRun,
  table: ValueTable,
  slots: readonly number[],
): Promise<number> {
  const { page } = run.options
  const shared: Postings[] = []
  for (const slot of slots) {
    const place = table.placeAt(slot)
    if (place !== SEVERAL && !page.takes(place)) continue
    const postings = table.postingsAt(slot)
    if (place === SEVERAL && postings) shared.push(postings)
    else if (postings) run.add(postings as ResourceRow, place)
  }
  let count = slots.length - shared.length
  // None of these is ever given to another value, so that others may have their turn.
  for (const postings of shared) count += await lookAtRows(run, postings)
  return count
}

/** Adds the rows of a value that matches; answers how many it looked at. */
async function lookAtRows(run: SearchRun, postings: Postings | undefined): Promise<number> {
  if (postings === undefined) return 0
  if (postings instanceof OrderedMap) {
    return run.walk((place) => postings.entries(place), { areMatches: true })
  }
  const rows = Array.isArray(postings) ? postings : [postings]
  for (const row of rows) run.add(row)
  return rows.length
}
