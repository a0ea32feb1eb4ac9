import { readFileSync } from 'node:fs'
import { ERROR_CODES } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { setUpApp } from '../../testing/index.ts'
import { PLAIN_STATUS_OF } from '../plain-status.ts'

const text = readFileSync(
  new URL('../../../../../docs/reference/raftd.md', import.meta.url),
  'utf8',
)

/** The paths of a table of calls, in the notation of the router. */
const documented = [...text.matchAll(/^\| ((?:`[A-Z]+[^`]*`(?:, )?)+) \|/gm)].flatMap((row) => {
  const [, cell = ''] = row
  const path = /(\/[^`]+)`/.exec(cell)?.[1] ?? ''
  return [...cell.matchAll(/`([A-Z]+)/g)].map(([, method]) => `${method} ${path}`)
})

test('docs/reference/raftd.md has every route of this protocol, and none besides', async () => {
  await using t = await setUpApp()
  for (const call of documented) {
    const [method = '', path = ''] = call.split(' ')
    const url = path.replace('{id}', ':id').replace('{key}', '*')
    expect([call, t.app.hasRoute({ method: method as 'GET', url })]).toEqual([call, true])
  }
  expect(documented).toHaveLength(12)
})

test('it tells the statuses that these calls can end with', () => {
  const rows = [...text.matchAll(/^\| (\d{3}) \|/gm)].map(([, status]) => Number(status))
  // What no call of this protocol can end with, or has its place elsewhere in the text.
  const elsewhere = new Set([401, 403, 405, 414, 431])
  const known = new Set(ERROR_CODES.map((code) => PLAIN_STATUS_OF[code]))
  expect(rows).toEqual([...known].filter((status) => !elsewhere.has(status)).sort((a, b) => a - b))
})
