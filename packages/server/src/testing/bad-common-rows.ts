/**
 * What is wrong in the same way on many routes of the catalog.
 *
 * @module
 */

import type { ErrorCode } from '@rollcall/protocol'
import type { Row } from './bad-input-rows.ts'

/** One more than JavaScript counts exactly. */
const TOO_GREAT = '9007199254740992'

export const badLine = (what: string, line: string, code: ErrorCode = 'invalid_argument'): Row => ({
  what,
  code,
  line,
})

export const badNumbers = (name: string, line: string): Row[] =>
  ['-1', '1.5', 'x', '', TOO_GREAT].map((value) =>
    badLine(`${name} "${value}"`, `${line}${name}=${value}`),
  )

export const badKeeping = (): Row[] =>
  ['', 'x'.repeat(65), 'a b', 'é'].map((key) => ({
    what: `the Idempotency-Key "${key.slice(0, 8)}" of ${key.length}`,
    code: 'invalid_argument',
    headers: { 'idempotency-key': key },
  }))

export const badFreshness = (line: string, mark = '?'): Row[] => [
  ...['none', '', 'VIEW'].map((value) =>
    badLine(`consistency "${value}"`, `${line}${mark}consistency=${value}`),
  ),
  ...['-1', '1.5', 'x', TOO_GREAT].map((value) => ({
    what: `X-Rollcall-Min-Revision "${value}"`,
    code: 'invalid_argument' as const,
    line,
    headers: { 'x-rollcall-min-revision': value },
  })),
]

export const badPages = (line: string): Row[] => [
  ...['0', '-1', '1.5', 'many', ''].map((limit) =>
    badLine(`limit "${limit}"`, `${line}limit=${limit}`),
  ),
  badLine('limit 1,001', `${line}limit=1001`, 'limit_exceeded'),
  ...['', '!!!', 'x'.repeat(1_025)].map((cursor) =>
    badLine(`cursor "${cursor.slice(0, 8)}" of ${cursor.length}`, `${line}cursor=${cursor}`),
  ),
]
