import { readFileSync } from 'node:fs'
import { ERROR_CODES } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { setUpLodastack } from './testing/calls.ts'
import { PLAIN_STATUS_OF } from '../plain-status.ts'

const text = readFileSync(
  new URL('../../../../../docs/reference/lodastack.md', import.meta.url),
  'utf8',
)

const documented = [...text.matchAll(/^\| (`[A-Z]+ \/[^|]*`) \|/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([A-Z]+) (\/[^`]+)`/g)].map(([, method = '', path = '']) => ({
    method,
    path,
  })),
)

test('docs/reference/lodastack.md has every route of this protocol, and none besides', async () => {
  await using s = await setUpLodastack()
  for (const { method, path } of documented) {
    const url = `/api/v1${path}`
    const has = s.t.app.hasRoute({ method, url })
    expect([method, path, has]).toEqual([method, path, true])
  }
  expect(documented).toHaveLength(29)
})

test('it tells the statuses that these calls can end with', () => {
  const rows = [...text.matchAll(/^\| (\d{3}) \|/gm)].map(([, status]) => Number(status))
  // What no call of this protocol can end with, or has its place elsewhere in the text.
  const elsewhere = new Set([401, 405, 414, 431])
  const known = new Set(ERROR_CODES.map((code) => PLAIN_STATUS_OF[code]))
  expect(rows).toEqual([...known].filter((status) => !elsewhere.has(status)).sort((a, b) => a - b))
})
