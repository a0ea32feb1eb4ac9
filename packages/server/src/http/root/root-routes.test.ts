import { describe, expect, test } from 'vitest'
import { operationsOf, setUpApp } from '../../testing/index.ts'

/** Where an operator sees why a node is not ready. */
const LOOKS: ReadonlySet<string> = new Set([
  'GET /registry/v1/cluster',
  'GET /registry/v1/cluster/members',
  'GET /registry/v1/cluster/leader',
])

test('the process is alive and ready', async () => {
  await using t = await setUpApp()
  for (const path of ['/healthz', '/readyz']) {
    const answer = await t.ask(`GET ${path}`)
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }])
  }
})

describe('a node that is not ready', () => {
  test('says why on /readyz, and that it lives on /healthz', async () => {
    await using t = await setUpApp()
    t.readiness.block('instances', 'they are being loaded')
    t.readiness.block('catalog', 'no engine')
    const answer = await t.ask('GET /readyz')
    expect([answer.status, answer.body, answer.headers['retry-after']]).toEqual([
      503,
      {
        status: 'not_ready',
        reasons: [
          { part: 'instances', reason: 'they are being loaded' },
          { part: 'catalog', reason: 'no engine' },
        ],
      },
      '1',
    ])
    expect((await t.ask('GET /healthz')).status).toBe(200)
    t.readiness.allow('catalog')
    t.readiness.allow('instances')
    expect((await t.ask('GET /readyz')).status).toBe(200)
  })

  test('answers 503 with Retry-After on every native route but looks at the cluster, and does nothing', async () => {
    await using t = await setUpApp()
    t.readiness.block('instances', 'they are being loaded')
    const native = operationsOf(t.app).filter(
      ({ name, path }) => path.startsWith('/registry/v1') && !LOOKS.has(name),
    )
    expect(native).toHaveLength(51)
    for (const { method, path } of native) {
      const line = `${method} ${path.replaceAll(/[{}]/g, '')}?service=web`
      const answer = await t.ask(line, method === 'PUT' ? { body: { addresses: [] } } : {})
      expect([line, answer.status, answer.body, answer.headers['retry-after']]).toMatchObject([
        line,
        503,
        {
          code: 'not_ready',
          details: { reasons: [{ part: 'instances', reason: 'they are being loaded' }] },
        },
        '1',
      ])
    }
    expect(t.plane.stats().records).toBe(0)
    const looks = [...LOOKS].map((name) => name.replace('GET ', ''))
    for (const path of ['/metrics', '/openapi.json', '/docs', ...looks]) {
      expect((await t.ask(`GET ${path}`)).status).toBe(200)
    }
  })
})

test('metrics are text for Prometheus, with requests by route and never by URL', async () => {
  await using t = await setUpApp()
  t.register()
  await t.api('GET /services/secret-name')
  await t.api('GET /services/web')
  await t.ask('GET /nothing/here')
  const answer = await t.ask('GET /metrics')
  expect([answer.status, answer.headers['content-type']]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ])
  const route = '/registry/v1/services/:service'
  for (const line of [
    `rollcall_http_requests_total{method="GET",route="${route}",status="200"} 1`,
    `rollcall_http_requests_total{method="GET",route="${route}",status="404"} 1`,
    'rollcall_http_requests_total{method="GET",route="unmatched",status="404"} 1',
    `rollcall_http_request_duration_seconds_count{method="GET",route="${route}"} 2`,
    'rollcall_registrations_total{outcome="created"} 1',
    'rollcall_watchers 0',
  ]) {
    expect(answer.text.split('\n')).toContain(line)
  }
  expect(answer.text).not.toContain('secret-name')
})

describe('openapi.json', () => {
  /** What takes a body of bytes. */
  const BYTES = new Set(['PUT /registry/v1/kv/{key}', 'POST /registry/v1/restore'])
  /** The contract: what each operation answers, and whether it takes a body. */
  const CONTRACT: Readonly<Record<string, readonly [answers: string, body: boolean]>> = {
    'GET /healthz': ['200', false],
    'GET /readyz': ['200 503', false],
    'GET /metrics': ['200', false],
    'PUT /registry/v1/services/{service}/instances/{id}': ['200 201 4XX', true],
    'GET /registry/v1/services/{service}/instances/{id}': ['200 4XX', false],
    'PATCH /registry/v1/services/{service}/instances/{id}': ['200 4XX', true],
    'DELETE /registry/v1/services/{service}/instances/{id}': ['204 4XX', false],
    'POST /registry/v1/services/{service}/instances/{id}/heartbeat': ['204 4XX', false],
    'POST /registry/v1/heartbeats': ['200 4XX', true],
    'GET /registry/v1/services': ['200 4XX', false],
    'GET /registry/v1/services/{service}': ['200 304 4XX', false],
    'POST /registry/v1/services/{service}/protection': ['200 4XX', true],
    'GET /registry/v1/explain': ['200 4XX', false],
    'GET /registry/v1/watch': ['200 4XX', false],
    'GET /registry/v1/cluster': ['200 4XX', false],
    'GET /registry/v1/cluster/members': ['200 4XX', false],
    'DELETE /registry/v1/cluster/members/{id}': ['202 204 4XX', false],
    'GET /registry/v1/cluster/leader': ['200 4XX', false],
    'POST /registry/v1/cluster/leader/transfer': ['4XX', true],
    'POST /registry/v1/cluster/members': ['4XX', true],
    'POST /registry/v1/cluster/members/{id}/promote': ['4XX', false],
    'POST /registry/v1/cluster/members/recover': ['4XX', true],
    'GET /registry/v1/kv/{key}': ['200 304 4XX', false],
    'PUT /registry/v1/kv/{key}': ['200 4XX', true],
    'DELETE /registry/v1/kv/{key}': ['204 4XX', false],
    'GET /registry/v1/kv': ['200 304 4XX', false],
    'DELETE /registry/v1/kv': ['200 4XX', false],
    'POST /registry/v1/txn': ['200 4XX', true],
    'GET /registry/v1/namespaces': ['200 4XX', false],
    'POST /registry/v1/namespaces': ['201 4XX', true],
    'GET /registry/v1/namespaces/{path}': ['200 4XX', false],
    'POST /registry/v1/namespaces/{path}': ['201 4XX', true],
    'PATCH /registry/v1/namespaces/{path}': ['200 4XX', true],
    'DELETE /registry/v1/namespaces/{path}': ['204 4XX', false],
    'GET /registry/v1/types': ['200 4XX', false],
    'GET /registry/v1/types/{type}': ['200 4XX', false],
    'PUT /registry/v1/types/{type}': ['200 201 4XX', true],
    'DELETE /registry/v1/types/{type}': ['204 4XX', false],
    'GET /registry/v1/resources/{type}': ['200 4XX', false],
    'PUT /registry/v1/resources/{type}': ['200 4XX', true],
    'POST /registry/v1/resources/{type}': ['201 4XX', true],
    'GET /registry/v1/resources/{type}/{id}': ['200 4XX', false],
    'PATCH /registry/v1/resources/{type}/{id}': ['200 4XX', true],
    'DELETE /registry/v1/resources/{type}/{id}': ['204 4XX', false],
    'POST /registry/v1/resources/{type}/batch': ['200 4XX', true],
    'POST /registry/v1/resources/{type}/move': ['200 4XX', true],
    'POST /registry/v1/resources/{type}/copy': ['200 4XX', true],
    'GET /registry/v1/search': ['200 4XX', false],
    'GET /registry/v1/backup': ['200 4XX 5XX', false],
    'GET /registry/v1/restore': ['200 4XX 5XX', false],
    'POST /registry/v1/restore': ['200 4XX 5XX', true],
    'POST /registry/v1/leases': ['201 4XX', true],
    'GET /registry/v1/leases': ['200 4XX', false],
    'GET /registry/v1/leases/{id}': ['200 4XX', false],
    'DELETE /registry/v1/leases/{id}': ['204 4XX', false],
    'POST /registry/v1/leases/{id}/keepalive': ['200 4XX', false],
    'POST /registry/v1/leases/keepalive': ['200 4XX', true],
  }

  test('is a description of every route of the contract, and of no other', async () => {
    await using t = await setUpApp()
    const answer = await t.ask('GET /openapi.json')
    expect([answer.status, answer.headers['content-type'], answer.body]).toMatchObject([
      200,
      expect.stringMatching(/^application\/json/),
      { openapi: '3.1.0', info: { title: 'Rollcall', version: '0.0.0-test' } },
    ])
    const described = operationsOf(t.app).map(({ name, responses, requestBody }) => [
      name,
      [Object.keys(responses).sort().join(' '), requestBody !== undefined],
    ])
    expect(Object.fromEntries(described)).toEqual(CONTRACT)
  })

  test('has a summary for each, a schema for each body and answer, and each parameter of each path', async () => {
    await using t = await setUpApp()
    for (const operation of operationsOf(t.app)) {
      const { name, path, summary, parameters = [], requestBody, responses } = operation
      const inPath = parameters.filter((parameter) => parameter.in === 'path')
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, param]) => param)
      expect({ name, summary, inPath: inPath.map((parameter) => parameter.name).sort() }).toEqual({
        name,
        summary: expect.stringMatching(/\S/),
        inPath: named.sort(),
      })
      expect(inPath.filter(({ required }) => required !== true)).toEqual([])
      if (requestBody && !BYTES.has(name)) {
        expect(requestBody.content['application/json']?.schema).toHaveProperty('properties')
      }
      for (const [status, { content = {} }] of Object.entries(responses)) {
        const schemas = Object.values(content).map(({ schema }) => schema)
        const isEmpty = status === '204' || status === '304'
        expect([name, status, isEmpty || schemas.length > 0]).toEqual([name, status, true])
        expect(schemas).not.toContain(undefined)
      }
    }
  })

  test('says that a value is bytes', async () => {
    await using t = await setUpApp()
    const ofKey = (verb: string) =>
      operationsOf(t.app).find(({ name }) => name === `${verb} /registry/v1/kv/{key}`)
    const bytes = { 'application/octet-stream': { schema: { description: 'The value.' } } }
    expect(ofKey('PUT')?.requestBody?.content).toMatchObject(bytes)
    expect(ofKey('GET')?.responses['200']?.content).toMatchObject(bytes)
  })

  test('says what of an instance is required, and refers to nothing that is not in it', async () => {
    await using t = await setUpApp()
    const { text } = await t.ask('GET /openapi.json')
    expect(text).not.toContain('$ref')
    const put = operationsOf(t.app).find(({ method }) => method === 'PUT')
    expect(put?.requestBody?.content['application/json']?.schema).toMatchObject({
      required: ['addresses'],
      additionalProperties: false,
    })
  })

  test('is shown to people on /docs', async () => {
    await using t = await setUpApp()
    for (const path of ['/docs', '/docs/']) {
      const answer = await t.ask(`GET ${path}`)
      expect([answer.status, answer.headers['content-type']]).toMatchObject([
        200,
        expect.stringMatching(/^text\/html/),
      ])
    }
    const { text } = await t.ask('GET /docs/static/swagger-initializer.js')
    expect(text).toContain("resolveUrl('./json')")
    expect((await t.ask('GET /docs/json')).body).toMatchObject({ info: { title: 'Rollcall' } })
  })
})
