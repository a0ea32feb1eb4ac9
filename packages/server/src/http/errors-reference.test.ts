import { readFileSync } from 'node:fs'
import { ERROR_CODES } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { RETRY_AFTER_S, STATUS_OF } from './problem.ts'

const text = readFileSync(new URL('../../../../docs/reference/errors.md', import.meta.url), 'utf8')

/** Each code of the reference with what stands under its heading. */
const sections = new Map(
  text
    .split(/^## /m)
    .slice(1)
    .map((section): [string, string] => {
      const [heading = '', ...lines] = section.split('\n')
      return [heading.replaceAll('`', ''), lines.join('\n').trim()]
    }),
)

test('every code has one heading in docs/reference/errors.md, and every heading is a code', () => {
  expect([...sections.keys()].sort()).toEqual([...ERROR_CODES].sort())
  expect(text.match(/^## /gm)).toHaveLength(ERROR_CODES.length)
})

test.each(ERROR_CODES)('%s has its status, when to come back, and what to do', (code) => {
  const section = sections.get(code) ?? ''
  const seconds = RETRY_AFTER_S[code]
  const retry = seconds === undefined ? '' : `, \`Retry-After: ${seconds}\``
  expect(section.split('\n')[0]).toBe(`Status ${STATUS_OF[code]}${retry}.`)
  expect(section.length).toBeGreaterThan(100)
})
