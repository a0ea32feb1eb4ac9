/**
 * The wire vectors of the systems that Rollcall replaces, digit for digit, against a real node.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { call, callJson, serviceUrl } from './support/http.ts'
import { startServer, type Server } from './support/spawn-server.ts'

/** A poll of bilibili's discovery is held so long. */
const HOLD_MS = 30_000
const OK = '{"code":0,"message":"0","ttl":1}'
const NOT_MODIFIED = '{"code":-304,"message":"-304","ttl":1}'

async function ask(server: Server, method: 'GET' | 'POST', path: string): Promise<string> {
  const { status, text } = await call(`${server.url}/discovery/${path}`, {
    method,
    waitMs: HOLD_MS,
  })
  expect([path, status]).toEqual([path, 200])
  return text
}

/** The app's time as it stands in the text: more digits than a number has. */
function latestOf(text: string): string {
  return /"latest_timestamp":(\d+)\}/.exec(text)?.[1] ?? ''
}

const REGISTER = 'register?zone=z&env=e&appid=a&hostname=h&status=1&addrs=http%3A%2F%2F1.1.1.1%3A80'
const polls = (since: string) =>
  `polls?env=e&hostname=c&appid=a&appid=b&latest_timestamp=${since}&latest_timestamp=0`

test('bilibili: register, polls, polls again with the digits that came back', async () => {
  await using server = await startServer()
  expect(await ask(server, 'POST', REGISTER)).toBe(OK)
  const first = await ask(server, 'GET', polls('0'))
  const digits = latestOf(first)
  expect(digits).toMatch(/^\d{19}$/)
  expect(first.replace(/\[\{.*?\}\]/, '[…]')).toBe(
    `{"code":0,"data":{"a":{"instances":{"z":[…]},"latest_timestamp":${digits}}},"error":{"-404":["b"]},"message":"0"}`,
  )
  expect(first).toContain('"hostname":"h","addrs":["http://1.1.1.1:80"]')
  const startMs = systemClock.monotonicMs()
  expect(await ask(server, 'GET', polls(digits))).toBe(NOT_MODIFIED)
  expect(systemClock.monotonicMs() - startMs).toBeGreaterThan(HOLD_MS - 1_000)
}, 90_000)

test('bilibili: a waiting poll hears of each of two changes, the second with a later time', async () => {
  await using server = await startServer()
  await ask(server, 'POST', REGISTER)
  const first = latestOf(await ask(server, 'GET', polls('0')))
  const waiting = ask(server, 'GET', polls(first))
  const add = (id: string) => ask(server, 'POST', REGISTER.replace('hostname=h', `hostname=${id}`))
  await Promise.all([add('h2'), add('h3'), add('h4'), waiting])
  const last = await ask(server, 'GET', polls(first))
  expect(last.match(/"hostname":"h\d?"/g)).toHaveLength(4)
  expect(BigInt(latestOf(last)) - BigInt(first)).toBeGreaterThanOrEqual(3n)
}, 60_000)

test('bilibili: renewals of what is unknown, and of a peer that is behind or ahead', async () => {
  await using server = await startServer()
  const renew = 'renew?zone=z&env=e&appid=a&hostname=h'
  expect(await ask(server, 'POST', renew)).toMatch(/^\{"code":-404,"message":"-404","ttl":1/)
  await ask(server, 'POST', REGISTER)
  expect(await ask(server, 'POST', renew)).toMatch(/^\{"code":0,/)
  const behind = await ask(server, 'POST', `${renew}&replication=true&dirty_timestamp=1`)
  expect(behind).toMatch(/^\{"code":-409,.*"data":\{.*"hostname":"h"/)
  const ahead = `${renew}&replication=true&dirty_timestamp=9000000000000000000`
  expect(await ask(server, 'POST', ahead)).toMatch(/^\{"code":-404,/)
}, 60_000)

test('all faces show the same instances, and a cancel through one is seen by all', async () => {
  await using server = await startServer()
  const article = (path: string, body: unknown) =>
    callJson<{ code: number; data?: unknown }>(`${server.url}/api/${path}`, {
      method: 'POST',
      body,
    })
  const who = { env: 'default', appid: 'shop', hostname: 'h' }
  const what = { addrs: ['http://1.1.1.1:80'], status: 1, version: '1' }
  expect(await article('register', { ...who, ...what })).toMatchObject({ code: 200 })
  expect(await article('fetch', { env: 'default', appid: 'shop', status: 1 })).toMatchObject({
    code: 200,
    data: { instances: [{ hostname: 'h', addrs: ['http://1.1.1.1:80'] }] },
  })
  expect(await callJson(serviceUrl(server.url, 'shop'))).toMatchObject({ instances: [{ id: 'h' }] })
  const fetch = 'fetch?env=default&appid=shop&status=1'
  expect(await ask(server, 'GET', fetch)).toContain('"hostname":"h"')
  const cancel = 'cancel?zone=default&env=default&appid=shop&hostname=h'
  expect(await ask(server, 'POST', cancel)).toBe(OK)
  expect(await callJson(serviceUrl(server.url, 'shop'))).toMatchObject({ instances: [] })
  expect(await article('renew', who)).toMatchObject({ code: 404 })
}, 60_000)
