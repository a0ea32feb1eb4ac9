import { describe, expect, test } from 'vitest'
import { setUpApp } from '../../testing/index.ts'

/** The beginning of a picture: no text in any encoding. */
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452ff00fe', 'hex')

test('what curl -T puts, without a type, comes back byte for byte', async () => {
  await using t = await setUpApp()
  const put = await t.app.inject({ method: 'PUT', url: '/key/test', payload: PNG })
  expect([put.statusCode, put.payload]).toEqual([200, ''])
  expect((await t.ask('GET /key/test')).bytes).toEqual(PNG)
})

test.each<[string, Record<string, string>]>([
  ['curl --data-binary', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['a browser', { 'content-type': 'image/png' }],
  ['a careless client', { 'content-type': 'application/json' }],
])('what %s puts comes back byte for byte', async (_who, headers) => {
  await using t = await setUpApp()

  const put = await t.ask('PUT /key/test', { body: PNG, headers })
  expect([put.status, put.text]).toEqual([200, ''])

  const got = await t.ask('GET /key/test')
  expect([got.status, got.bytes]).toEqual([200, PNG])
})

test('a key that is not there is 404, with nothing to save', async () => {
  await using t = await setUpApp()
  const { status, text } = await t.ask('GET /key/none')
  expect([status, text]).toEqual([404, ''])
})

test('a value may be empty, which is not the same as none', async () => {
  await using t = await setUpApp()
  await t.ask('PUT /key/empty')
  const { status, text } = await t.ask('GET /key/empty')
  expect([status, text]).toEqual([200, ''])
})

test('a delete may be sent twice', async () => {
  await using t = await setUpApp()
  await t.ask('PUT /key/a', { body: 'x' })
  for (const _ of ['once', 'twice']) {
    const { status, text } = await t.ask('DELETE /key/a', {
      headers: { 'content-type': 'application/json' },
    })
    expect([status, text]).toEqual([200, ''])
  }
  expect((await t.ask('GET /key/a')).status).toBe(404)
})

test.each([
  ['/key/a/b/c', 'a/b/c'],
  ['/key/a%2Fb', 'a/b'],
  ['/key//a', '/a'],
  ['/key/%E2%82%AC%20x', '€ x'],
  ['/key/50%25', '50%'],
  ['/key/a?level=stale', 'a'],
])('%s names the key %j, here and natively', async (url, key) => {
  await using t = await setUpApp()
  await t.ask(`PUT ${url}`, { body: PNG })

  const native = `/registry/v1/kv/${encodeURIComponent(key)}`
  expect((await t.ask(`GET ${native}`)).bytes).toEqual(PNG)

  await t.ask(`PUT ${native}`, { body: 'native', headers: { 'content-type': 'text/plain' } })
  expect((await t.ask(`GET ${url}`)).text).toBe('native')
})

describe('refusals', () => {
  test.each([
    { what: 'no key', line: 'GET /key/', status: 400 },
    { what: 'a key that is too long', line: `PUT /key/${'a'.repeat(513)}`, body: 'x', status: 413 },
    {
      what: 'a value that is too long',
      line: 'PUT /key/a',
      body: 'x'.repeat(2 ** 20 + 1),
      status: 413,
    },
    {
      what: 'a body that is too long',
      line: 'PUT /key/a',
      body: 'x'.repeat(3_000_000),
      status: 413,
    },
    { what: 'another method', line: 'POST /key/a', body: 'x', status: 405 },
  ])('$what is $status', async ({ line, body, status }) => {
    await using t = await setUpApp({ limits: { catalogBodyMaxBytes: 2_000_000 } })
    const answer = await t.ask(line, { ...(body !== undefined && { body }) })
    expect(answer.status).toBe(status)
    const told: unknown = JSON.parse(answer.text)
    expect(told).toEqual(status === 400 ? null : expect.any(String))
  })

  test('a node that is not ready says 503 and when to come back', async () => {
    await using t = await setUpApp()
    t.readiness.block('test', 'it boots')
    const { status, text, headers } = await t.ask('GET /key/a')
    expect([status, headers['retry-after']]).toEqual([503, '1'])
    expect(JSON.parse(text)).toContain('it boots')
  })
})

describe('levels', () => {
  async function setUpBroken() {
    const t = await setUpApp()
    await t.ask('PUT /key/a', { body: 'x' })
    t.catalog.engine.cutOff()
    return t
  }

  test.each([
    ['stale', 200],
    [' STALE ', 200],
    ['default', 503],
    ['consistent', 503],
    ['whatever', 503],
  ])('cut off from the engine, %j is %i', async (level, status) => {
    await using t = await setUpBroken()
    const answer = await t.ask(`GET /key/a?level=${encodeURIComponent(level)}`)
    expect(answer.status).toBe(status)
    if (status === 200) expect(answer.text).toBe('x')
  })

  test('without a level it is as default', async () => {
    await using t = await setUpBroken()
    expect((await t.ask('GET /key/a')).status).toBe(503)
  })
})
