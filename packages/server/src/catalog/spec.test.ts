import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const spec = readFileSync(new URL('SPEC.md', import.meta.url), 'utf8')

/** Pairs of a test file and a part of a test's name, as the column "held by" writes them. */
const references = [...spec.matchAll(/`([\w./-]+\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)].flatMap(
  ([, file = '', names = '']) =>
    [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']): [string, string] => [file, name]),
)

test('the specification names a test for each invariant', () => {
  const rows = spec.split('\n').filter((line) => /^\| [A-Z]\d+ \|/.test(line))
  expect(rows.length).toBeGreaterThan(20)
  for (const row of rows) expect(row).toMatch(/\.ts`: "/)
})

test.each(references)('%s has the test "%s"', (file, name) => {
  expect(readFileSync(new URL(file, import.meta.url), 'utf8')).toContain(name)
})
