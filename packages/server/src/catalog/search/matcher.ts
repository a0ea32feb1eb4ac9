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

const NONE: readonly string[] = []

const TESTS: Readonly<Record<SearchMode, (value: string) => (text: string) => boolean>> = {
  exact: (value) => (text) => text === value,
  prefix: (value) => (text) => text.startsWith(value),
  contains: (value) => (text) => text.includes(value),
  regex(value) {
    const pattern = compilePattern(value, 'value')
    return (text) => pattern.find(text)
  },
}

/** What the values of a row that may match are called: as is asked for where it has that, or all, the id among them. */
export function namesOf(
  { properties }: ResourceRow,
  asked: readonly string[] | undefined,
): readonly string[] {
  if (asked === undefined) {
    const names = Object.keys(properties)
    return [ID_KEY, ...(names.includes(ID_KEY) ? names.filter((name) => name !== ID_KEY) : names)]
  }
  return asked.every((key) => key === ID_KEY || Object.hasOwn(properties, key)) ? asked : NONE
}

/** The value of one of the `namesOf` a row. */
export function valueOf({ id, properties }: ResourceRow, name: string): string {
  return name === ID_KEY ? id : (properties[name] as string)
}
