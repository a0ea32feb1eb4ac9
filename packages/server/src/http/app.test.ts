import type { LogFields } from '@rollcall/runtime'
import { silentLog } from '@rollcall/runtime'
import { describe, expect, test } from 'vitest'
import { dial, operationsOf, setUpApp, soon } from '../testing/index.ts'

const A = '/registry/v1/services/web/instances/a'

describe('what is not there', () => {
  test('is 404 route_not_found, also what a later release brings', async () => {
    await using t = await setUpApp()
    for (const line of [
      'GET /',
      'GET /registry/v1/elections/a',
      'PUT /v1/kv/a',
      'POST /registry/v1',
    ]) {
      const answer = await t.ask(line)
      expect([line, answer.status, answer.body]).toMatchObject([
        line,
        404,
        { code: 'route_not_found' },
      ])
    }
  })

  test('is 405 with Allow where only the method is wrong', async () => {
    await using t = await setUpApp()
    const allowed = async (line: string) => {
      const answer = await t.ask(line)
      expect([answer.status, answer.body]).toMatchObject([405, { code: 'method_not_allowed' }])
      return answer.headers['allow']
    }
    expect(await allowed(`POST ${A}`)).toBe('DELETE, GET, HEAD, PATCH, PUT')
    expect(await allowed(`GET ${A}/heartbeat`)).toBe('POST')
    expect(await allowed('DELETE /registry/v1/services/web')).toBe('GET, HEAD')
    expect(await allowed('PUT /healthz')).toBe('GET, HEAD')
    expect(await allowed('POST /registry/v1/watch')).toBe('GET')
    expect(await allowed('OPTIONS /registry/v1/services')).toBe('GET, HEAD')
    expect((await t.ask('HEAD /registry/v1/watch?service=web')).status).toBe(405)
  })

  test('may be asked for with QUERY, which is no bug of ours', async () => {
    const errors: LogFields[] = []
    const log = { ...silentLog, error: (fields: LogFields) => errors.push(fields) }
    await using t = await setUpApp({ log })
    expect((await t.ask('QUERY /nothing')).status).toBe(415)
    expect((await t.ask('QUERY /healthz')).status).toBe(405)
    expect(errors).toEqual([])
  })
})

test('HEAD answers as GET does, without the body', async () => {
  await using t = await setUpApp()
  t.register()
  for (const path of ['/healthz', '/registry/v1/services', '/registry/v1/services/web', A]) {
    const get = await t.ask(`GET ${path}`)
    const head = await t.ask(`HEAD ${path}`)
    expect([head.status, head.text]).toEqual([200, ''])
    for (const name of ['content-length', 'content-type', 'etag']) {
      expect(head.headers[name]).toBe(get.headers[name])
    }
  }
})

describe('a token', () => {
  const TOKEN = 'correct-horse'

  test('is needed on every route but the probes, right and in its header', async () => {
    await using t = await setUpApp({ token: TOKEN })
    const lines = [
      ...operationsOf(t.app).map(({ method, path }) => `${method} ${path.replaceAll(/[{}]/g, '')}`),
      'GET /openapi.json',
      'GET /docs',
      'GET /docs/json',
      'GET /nothing/here',
      'TRACE /metrics',
      `GET /registry/v1/services?access_token=${TOKEN}&token=${TOKEN}`,
    ].filter((line) => !/\/(healthz|readyz)$/.test(line))
    const shown = [{}, { authorization: `Bearer ${TOKEN}x` }, { authorization: TOKEN }] as Record<
      string,
      string
    >[]
    expect(lines.length).toBeGreaterThan(15)
    for (const line of lines) {
      for (const headers of shown) {
        const answer = await t.ask(line, { headers })
        expect([line, answer.status, answer.body]).toMatchObject([
          line,
          401,
          { code: 'unauthenticated' },
        ])
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer /)
        expect(answer.text).not.toContain(TOKEN)
      }
    }
    for (const path of ['/healthz', '/readyz', '/healthz?why=not']) {
      expect((await t.ask(`GET ${path}`)).status).toBe(200)
    }
  })

  test('opens every route', async () => {
    await using t = await setUpApp({ token: TOKEN })
    const headers = { authorization: `Bearer ${TOKEN}` }
    const put = await t.ask(`PUT ${A}`, { headers, body: { addresses: [] } })
    expect(put.status).toBe(201)
    for (const path of [A, '/metrics', '/openapi.json', '/docs']) {
      expect((await t.ask(`GET ${path}`, { headers })).status).toBe(200)
    }
  })
})

test('the node is named on every answer, whatever comes of the request', async () => {
  await using t = await setUpApp()
  t.register()
  const lines: Readonly<Record<string, number>> = {
    'GET /healthz': 200,
    'GET /docs': 200,
    [`POST ${A}/heartbeat`]: 204,
    'GET /registry/v1/services/web?after=0': 400,
    'GET /registry/v1/services/%zz': 400,
    'GET /nothing': 404,
    [`TRACE ${A}`]: 405,
    [`GET /registry/v1/services/${'x'.repeat(2_049)}`]: 414,
    [`GET /registry/v1/services?prefix=${'x'.repeat(49_152)}`]: 414,
  }
  for (const [line, status] of Object.entries(lines)) {
    const answer = await t.ask(line)
    expect([line, answer.status, answer.headers['x-rollcall-node']]).toEqual([line, status, 'n1'])
  }
})

describe('a body', () => {
  test('may be announced as JSON and be empty where none is needed', async () => {
    await using t = await setUpApp()
    t.register()
    for (const type of ['application/json', 'application/json; charset=utf-8']) {
      for (const body of [undefined, '', ' \r\n']) {
        const call = { headers: { 'content-type': type }, ...(body !== undefined && { body }) }
        expect((await t.ask(`POST ${A}/heartbeat`, call)).status).toBe(204)
        t.register({ id: 'b' })
        expect((await t.ask(`DELETE ${A.replace(/a$/, 'b')}`, call)).status).toBe(204)
      }
    }
  })

  test('is taken to its last allowed byte', async () => {
    await using t = await setUpApp({ limits: { bodyMaxBytes: 1_000 } })
    const body = (bytes: number) => '{"addresses":[]}'.padEnd(bytes)
    expect((await t.ask(`PUT ${A}`, { body: body(1_000) })).status).toBe(201)
    const over = await t.ask(`PUT ${A}`, { body: body(1_001) })
    expect([over.status, over.body]).toMatchObject([
      413,
      { details: { what: 'request body bytes', limit: 1_000, actual: 1_001 } },
    ])
  })
})

test('a bug is 500, says nothing of itself, and is logged', async () => {
  const errors: LogFields[] = []
  const log = { ...silentLog, error: (fields: LogFields) => errors.push(fields) }
  await using t = await setUpApp({ log })
  const bug = new TypeError('secret detail')
  t.plane.instance = () => {
    throw bug
  }
  const answer = await t.ask(`GET ${A}`)
  expect([answer.status, answer.body]).toMatchObject([500, { code: 'internal', details: {} }])
  expect(answer.text).not.toContain('secret detail')
  expect(errors).toEqual([
    { err: bug, method: 'GET', route: '/registry/v1/services/:service/instances/:id' },
  ])
})

test('what comes in while the port closes is answered as any other request', async () => {
  await using t = await setUpApp()
  t.register()
  const { port } = await t.listen()
  const wire = await dial(port)
  const poll = 'GET /registry/v1/services/none?wait=30s HTTP/1.1\r\nHost: x\r\n\r\n'
  wire.send(poll)
  await t.untilWaiting(1)
  t.readiness.block('node', 'it is stopping')
  // The poll holds the connection open, so that another request can come while the port closes.
  const closed = t.app.close()
  await soon('the port is closing', () => !t.app.server.listening)
  let seen = 0
  t.app.server.on('request', () => (seen += 1))
  wire.send('GET /registry/v1/services HTTP/1.1\r\nHost: x\r\n\r\n')
  await soon('the request is there', () => seen === 1)
  await t.clock.advance(30_000)
  await wire.ended
  await closed
  expect(wire.text()).toContain('304 Not Modified')
  expect(wire.text()).toContain('"code":"not_ready"')
  expect(wire.text()).toMatch(/connection: close/i)
})
