import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import type { Answer, Call } from '../../testing/index.ts'
import { done, setUpLodastack, toldBy } from './testing/calls.ts'

const BINARY = { 'content-type': 'application/octet-stream' }

async function setUpContent() {
  const s = await setUpLodastack()
  await s.grow(['p.loda', 1], ['web.p.loda', 0, '^web'])
  await s.register({ hostname: 'web-1' })
  const content = async () => [
    done(await s.query('GET /ns')),
    await s.list('loda', 'machine'),
    await s.register({ hostname: 'web-1' }),
  ]
  /** Lets the catalog's clock go on until an answer is there: the view is read anew meanwhile. */
  const restore = async (line: string, call: Call): Promise<Answer> => {
    let answer: Answer | undefined
    const asked = s.t.ask(line, call).then((told) => {
      answer = told
    })
    const look = async () => {
      await s.t.catalog.clock.advance(100)
      return answer
    }
    const told = await until('the answer is there', look, { withinMs: 20_000, everyMs: 2 })
    await asked
    return told
  }
  return { ...s, content, restore }
}

test.each([
  { from: '/db/backup', to: 'POST /api/v1/db/restore' },
  { from: '/backup', to: 'PUT /api/v1/restore' },
  { from: '/backup', to: 'PUT /api/v1/db/restore' },
  { from: '/db/backup', to: 'POST /api/v1/restore' },
])('what $from gave, $to takes back', async ({ from, to }) => {
  await using s = await setUpContent()
  const before = await s.content()
  const { status, bytes } = await s.t.ask(`GET /api/v1${from}`)
  expect(status).toBe(200)

  await s.json('DELETE /resource/list', [{ ns: '', type: 'machine', resourceid: 'web-1' }])
  await s.query('DELETE /ns', { ns: 'web.p.loda' })
  await s.query('DELETE /ns', { ns: 'p.loda' })

  const told = toldBy(await s.restore(to, { body: bytes, headers: BINARY }))
  expect(told).toMatchObject({ status: 200, data: { count: expect.any(Number) } })
  expect(await s.content()).toEqual(before)
})

test('a file that is no backup changes nothing', async () => {
  await using s = await setUpContent()
  const before = await s.content()
  const told = toldBy(
    await s.restore('POST /api/v1/db/restore', { body: Buffer.from('bolt'), headers: BINARY }),
  )
  expect(told).toMatchObject({ status: 400, data: null })
  expect(await s.content()).toEqual(before)
})

test('a file in a form is told how it is sent', async () => {
  await using s = await setUpContent()
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  const told = toldBy(await s.t.ask('POST /api/v1/db/restore', { body: '--x--', headers }))
  expect(told).toMatchObject({ status: 400, msg: expect.stringContaining('--data-binary') })
})

test.each(['/db/restore', '/restore'])('GET %s with a path is told what to do', async (path) => {
  await using s = await setUpContent()
  const answer = await s.t.ask(`GET /api/v1${path}?file=/etc/passwd`)
  expect(answer.headers['allow']).toBe('POST, PUT')
  expect(toldBy(answer)).toEqual({
    status: 405,
    data: null,
    msg: expect.stringContaining('send it as the body'),
  })
})
