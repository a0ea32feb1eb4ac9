import type { SearchMode } from '../resource-catalog.ts'
import type { ResourceRow } from '../resources/resource-index.ts'
import { compilePattern } from '../patterns.ts'
import { ID_KEY } from './inverted-index.ts'

/** Whether a value is what is searched for. */
export interface ValueMatcher {
  readonly mode: SearchMode
  /** What is searched for; a pattern in mode `regex`. */
  readonly value: string
  test(value: string): boolean
}

/** Throws `invalid_argument` and `limit_exceeded` for patterns, see `compilePattern`. */
export function valueMatcher(mode: SearchMode, value: string): ValueMatcher {
  return { mode, value, test: TESTS[mode](value) }
}

/** What a test costs; a pattern may take ten milliseconds at the very worst, all else next to nothing. */
export function stepsOf({ mode }: ValueMatcher): number {
  return mode === 'regex' ? 64 : 1
}

const TESTS: Readonly<Record<SearchMode, (value: string) => (text: string) => boolean>> = {
  exact: (value) => (text) => text === value,
  prefix: (value) => (text) => text.startsWith(value),
  contains: (value) => (text) => text.includes(value),
  regex(value) {
    const pattern = compilePattern(value, 'value')
    return (text) => pattern.find(text)
  },
}

/** The values of a row that may match: of one key, or of all. */
export function* valuesOf(
  row: ResourceRow,
  key: string | undefined,
): Generator<readonly [key: string, value: string], void, undefined> {
  const { id, properties } = row
  if (key === undefined || key === ID_KEY) yield [ID_KEY, id]
  if (key === undefined) {
    for (const name in properties) if (name !== ID_KEY) yield [name, properties[name] as string]
  } else if (key !== ID_KEY && Object.hasOwn(properties, key)) {
    yield [key, properties[key] as string]
  }
}
