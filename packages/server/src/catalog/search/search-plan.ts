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

import { stepsOf, type ValueMatcher } from './matcher.ts'
import type { PlaceSet } from './place-set.ts'
import type { SearchRun } from './search-run.ts'
import type { ValueTable } from './value-table.ts'

/** Adds to the page all rows that may be on it. */
export async function lookUp(run: SearchRun, limit: number): Promise<void> {
  const { key, matcher, scope, source, tuning } = run.options
  const { index } = source
  const { few, rowCost, walkCost } = tuning
  const keys = key === undefined ? [...index.keys()] : [key]
  const tables = keys.map((name) => index.table(name)).filter((table) => table !== undefined)
  const many = Math.ceil(Math.sqrt(walkCost * limit * index.order.size)) + few
  const cost = costOf(tables, matcher)
  if (scope.isWithin(Math.min(many, Math.ceil(cost / rowCost)))) {
    await run.judge([...scope.rows()])
  } else if (matcher.mode === 'exact') {
    for (const table of tables) {
      const slot = table.slotOf(matcher.value)
      if (slot !== undefined) await lookAtSlot(run, table, slot)
    }
  } else if (!(await lookAtValues(run, tables, { cost, many }))) {
    if (scope.isWithin(many)) await run.judge([...scope.rows()])
    else await run.walk()
  }
}

/** What it costs to ask the index, in values. */
function costOf(tables: readonly ValueTable[], { mode, value }: ValueMatcher): number {
  const costs = {
    exact: (table: ValueTable) => table.countOf(value),
    prefix: (table: ValueTable) => table.countOfPrefix(value),
    contains: (table: ValueTable) => table.size,
    regex: (table: ValueTable) => table.size,
  }
  return tables.reduce((sum, table) => sum + costs[mode](table), 0)
}

/** Answers false when there are so many rows that there is a cheaper way. */
async function lookAtValues(
  run: SearchRun,
  tables: readonly ValueTable[],
  { cost, many }: { readonly cost: number; readonly many: number },
): Promise<boolean> {
  const isPrefix = run.options.matcher.mode === 'prefix'
  // Each of these values has a row, or more.
  if (isPrefix && cost > many) return false
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
    const { texts, slots } = table.take(from, tuning.batch)
    const last = texts.at(-1) ?? ''
    // They are in order: where the last one begins so, all do.
    const isAll = run.test(last)
    const count = isAll ? texts.length : texts.findIndex((text) => !run.test(text))
    run.skim(isAll ? slots.length : 0)
    left -= await lookAtSlots(run, table, slots.slice(0, Math.max(0, count)))
    if (!isAll || texts.length < tuning.batch || left <= 0) return left
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
    if (run.test(table.textAt(slot))) {
      const looked = lookAtSlot(run, table, slot)
      left -= typeof looked === 'number' ? looked : await looked
    }
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
  const shared: PlaceSet[] = []
  let count = 0
  for (const slot of slots) {
    const places = table.sharedAt(slot)
    if (places) shared.push(places)
    else count += lookAtPlace(run, table.placeAt(slot))
  }
  // None of these is ever given to another value, so that others may have their turn.
  for (const places of shared) count += await run.addAll(places)
  return count
}

/** Adds the rows of a value that matches; answers how many it looked at. */
function lookAtSlot(run: SearchRun, table: ValueTable, slot: number): number | Promise<number> {
  const places = table.sharedAt(slot)
  return places ? run.addAll(places) : lookAtPlace(run, table.placeAt(slot))
}

function lookAtPlace(run: SearchRun, place: number): number {
  run.add(place)
  return 1
}
