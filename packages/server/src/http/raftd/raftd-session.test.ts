import { ERROR_CODES } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { setUpApp } from '../../testing/index.ts'
import { PLAIN_STATUS_OF } from '../plain-status.ts'
import { setUpRaftd } from './testing/calls.ts'

// As bash hands them to curl: in single quotes the backslashes stay.
const SERVICE_1 =
  'key=nodeinfo&data={\\"http_addr\\":\\"127.0.0.1:9001\\",\\"tcp_addr\\":\\"127.0.0.1:9002\\",\\"node_id\\":1,\\"weight\\":1}'
const SERVICE_2 =
  'key=nodeinfo1&data={\\"http_addr\\":\\"127.0.0.1:9003\\",\\"tcp_addr\\":\\"127.0.0.1:9004\\",\\"node_id\\":2,\\"weight\\":2}'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

test("the session of raftd's README", async () => {
  await using s = await setUpRaftd()
  const post = (url: string, body: string) => s.t.ask(`POST ${url}`, { body, headers: FORM })
  const found = async (key: string) => (await post(`/lease/kv/${key}`, 'prefix=/esq/node')).text

  const one = (await s.t.ask('POST /lease/grant?ttl=10&name=/esq/node-1')).text
  const two = (await s.t.ask('POST /lease/grant?ttl=10&name=/esq/node-2')).text
  for (let seconds = 0; seconds < 30; seconds += 3) {
    expect((await post(`/lease/keepalive/${one}`, SERVICE_1)).text).toBe('null')
    expect((await post(`/lease/keepalive/${two}`, SERVICE_2)).text).toBe('null')
    await s.pass(3)
    expect(JSON.parse(await found('nodeinfo'))).toEqual([
      { http_addr: '127.0.0.1:9001', tcp_addr: '127.0.0.1:9002', node_id: 1, weight: 1 },
    ])
    expect(JSON.parse(await found('nodeinfo1'))).toMatchObject([{ node_id: 2, weight: 2 }])
  }

  // The second service stops; twelve seconds later it is gone, and the first is not.
  for (let seconds = 0; seconds < 12; seconds += 3) {
    await post(`/lease/keepalive/${one}`, SERVICE_1)
    await s.pass(3)
  }
  expect(await found('nodeinfo1')).toBe('[]')
  expect(JSON.parse(await found('nodeinfo'))).toHaveLength(1)
  expect((await post(`/lease/keepalive/${two}`, SERVICE_2)).status).toBe(404)
})

test('a node that wants to join is told that there is no cluster', async () => {
  await using t = await setUpApp()
  const body = { httpAddr: '127.0.0.1:8002', raftAddr: '127.0.0.1:8102', id: 'node02' }
  const misspelt = { 'content-type': 'application-type/json' }
  const { status, text } = await t.ask('POST /join', { body, headers: misspelt })
  expect(status).toBe(409)
  expect(JSON.parse(text)).toContain('no other members')
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['no JSON', 'id=node02'],
  ['a field too few', { httpAddr: 'a', id: 'b' }],
  ['a field too many', { httpAddr: 'a', raftAddr: 'b', id: 'c', more: 'd' }],
  ['another field', { httpAddr: 'a', raftAddr: 'b', ID: 'c' }],
  ['a field that is no text', { httpAddr: 'a', raftAddr: 'b', id: 1 }],
  ['a list', ['a', 'b', 'c']],
])('joining with %s is 400', async (_what, body) => {
  await using t = await setUpApp()
  const { status, text } = await t.ask('POST /join', { ...(body !== undefined && { body }) })
  expect([status, text]).toEqual([400, 'null'])
})

test('a token is asked for as everywhere', async () => {
  await using t = await setUpApp({ token: 'secret' })
  const { status, headers } = await t.ask('GET /key/a')
  expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer realm="rollcall"'])
})

test('every code has a status that tells failure', () => {
  for (const code of ERROR_CODES) expect([code, PLAIN_STATUS_OF[code] >= 400]).toEqual([code, true])
})
