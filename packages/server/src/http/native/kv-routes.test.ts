import { HEADERS } from '@rollcall/protocol'
import { describe, expect, test } from 'vitest'
import { setUpApp, soon, type AppHarness, type Call } from '../../testing/index.ts'

/** Puts what is at `at`: a key as a path has it, with a query perhaps. */
const put = (t: AppHarness, at: string, value = 'v') =>
  t.api(`PUT /kv/${at}`, { body: value, headers: { 'content-type': 'text/plain' } })

const keysOf = ({ body }: { body: Readonly<Record<string, unknown>> }) =>
  (body['entries'] as { key: string }[]).map(({ key }) => key)

describe('a key', () => {
  test('is put and read as the bytes that it is', async () => {
    await using t = await setUpApp()
    const bytes = Buffer.from([0, 1, 128, 255, 13, 10])
    const written = await t.api('PUT /kv/a/b', { body: bytes })
    expect([written.status, written.body]).toEqual([
      200,
      { key: 'a/b', modRevision: 1, createRevision: 1, created: true },
    ])
    expect(written.headers[HEADERS.revision]).toBe('1')
    const read = await t.api('GET /kv/a/b')
    expect([read.status, read.bytes]).toEqual([200, bytes])
    expect(read.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '6',
      etag: '"1"',
      'x-rollcall-create-revision': '1',
      'x-rollcall-revision': '1',
    })
    expect(read.headers).not.toHaveProperty('x-rollcall-lease')
    expect(read.headers).not.toHaveProperty('x-rollcall-stale')
  })

  test('put again keeps its create revision', async () => {
    await using t = await setUpApp()
    await put(t, 'a')
    expect((await put(t, 'a', 'w')).body).toEqual({
      key: 'a',
      modRevision: 2,
      createRevision: 1,
      created: false,
    })
    const { headers, text } = await t.api('GET /kv/a')
    expect([headers['etag'], headers['x-rollcall-create-revision'], text]).toEqual([
      '"2"',
      '1',
      'w',
    ])
  })

  test.each([
    ['raw slashes', 'a/b//c/', 'a/b//c/'],
    ['a slash in front', '/a', '/a'],
    ['encoded slashes', 'a%2Fb', 'a/b'],
    ['an encoded percent', 'a%252Fb', 'a%2Fb'],
    ['what a query begins with', 'a%3Fb%23c', 'a?b#c'],
    ['a plus, which is no space', 'a+b%20c', 'a+b c'],
    ['letters beyond ASCII', 'k%C3%A9y/%F0%9F%98%80', 'kéy/😀'],
    ['the name of a list', 'kv', 'kv'],
  ])('with %s has its name', async (_, path, key) => {
    await using t = await setUpApp()
    expect((await put(t, path)).body).toMatchObject({ key })
    expect((await t.api(`GET /kv/${path}`)).text).toBe('v')
    expect(t.catalog.catalog.kv.get(key)).toBeDefined()
    expect((await t.api(`DELETE /kv/${path}`)).status).toBe(204)
  })

  test('takes any content type, and none', async () => {
    await using t = await setUpApp()
    for (const headers of [
      { 'content-type': 'application/json' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'image/png; charset=x' },
    ]) {
      expect((await t.api('PUT /kv/a', { body: '{"half', headers })).status).toBe(200)
      expect((await t.api('GET /kv/a')).text).toBe('{"half')
    }
    const { statusCode } = await t.app.inject({
      method: 'PUT',
      url: '/registry/v1/kv/b',
      payload: Buffer.from('x'),
    })
    expect(statusCode).toBe(200)
  })

  test('may have an empty value', async () => {
    await using t = await setUpApp()
    expect((await t.api('PUT /kv/a')).status).toBe(200)
    const { status, bytes, headers } = await t.api('GET /kv/a')
    expect([status, bytes.length, headers['content-length']]).toEqual([200, 0, '0'])
  })

  test('may have 1 MiB of value and not a byte more', async () => {
    await using t = await setUpApp()
    const value = Buffer.alloc(1_024 * 1_024)
    expect((await t.api('PUT /kv/a', { body: value })).status).toBe(200)
    const more = await t.api('PUT /kv/a', { body: Buffer.alloc(value.length + 1) })
    expect([more.status, more.body['code'], more.body['details']]).toEqual([
      413,
      'limit_exceeded',
      { what: 'value bytes', limit: value.length, actual: value.length + 1 },
    ])
    const much = await t.api('PUT /kv/a', { body: Buffer.alloc(2 * value.length + 1) })
    expect([much.status, much.body['details']]).toMatchObject([
      413,
      { what: 'request body bytes', limit: 2 * value.length },
    ])
  })

  test('that is not there is 404, with the revision of which that is so', async () => {
    await using t = await setUpApp()
    await put(t, 'a')
    const { status, body, headers } = await t.api('GET /kv/b')
    expect([status, body['code'], body['details']]).toEqual([404, 'key_not_found', { key: 'b' }])
    expect(headers[HEADERS.revision]).toBe('1')
    expect((await t.api('DELETE /kv/b')).status).toBe(404)
  })

  test('is 304 for who has it, by its tag', async () => {
    await using t = await setUpApp()
    await put(t, 'a')
    for (const tag of ['"1"', 'W/"1"', '"0", "1"', '*']) {
      const same = await t.api('GET /kv/a', { headers: { 'if-none-match': tag } })
      expect([tag, same.status, same.bytes.length]).toEqual([tag, 304, 0])
      expect(same.headers).toMatchObject({ etag: '"1"', 'x-rollcall-revision': '1' })
    }
    expect((await t.api('GET /kv/a', { headers: { 'if-none-match': '"2"' } })).status).toBe(200)
  })

  test('answers HEAD with what GET says of it', async () => {
    await using t = await setUpApp()
    await put(t, 'a', 'value')
    const { status, headers, bytes } = await t.api('HEAD /kv/a')
    expect([status, headers['etag'], headers['content-length'], bytes.length]).toEqual([
      200,
      '"1"',
      '5',
      0,
    ])
    expect((await t.api('HEAD /kv/b')).status).toBe(404)
  })

  test('names its lease, and goes with it', async () => {
    await using t = await setUpApp()
    const { body } = await t.api('POST /leases', { body: { ttlMs: 5_000 } })
    const id = String(body['id'])
    expect((await put(t, `a?lease=${id}`)).status).toBe(200)
    expect((await t.api('GET /kv/a')).headers[HEADERS.lease]).toBe(id)
    await t.catalog.clock.advance(5_100)
    expect((await t.api('GET /kv/a')).status).toBe(404)
    const late = await put(t, `a?lease=${id}`)
    expect([late.status, late.body['code']]).toEqual([404, 'lease_not_found'])
  })
})

describe('with ifRevision', () => {
  test('a put happens only to the key as it was', async () => {
    await using t = await setUpApp()
    expect((await put(t, 'a?ifRevision=0')).status).toBe(200)
    const lost = await put(t, 'a?ifRevision=0', 'w')
    expect([lost.status, lost.body['code'], lost.body['details']]).toEqual([
      409,
      'revision_conflict',
      { key: 'a', expected: 0, actual: 1 },
    ])
    expect(lost.headers[HEADERS.revision]).toBe('1')
    expect((await put(t, 'a?ifRevision=1', 'w')).status).toBe(200)
    expect((await t.api('GET /kv/a')).text).toBe('w')
  })

  test('a delete happens only to the key as it was', async () => {
    await using t = await setUpApp()
    await put(t, 'a')
    expect((await t.api('DELETE /kv/a?ifRevision=7')).body).toMatchObject({
      code: 'revision_conflict',
      details: { key: 'a', expected: 7, actual: 1 },
    })
    const done = await t.api('DELETE /kv/a?ifRevision=1')
    expect([done.status, done.headers[HEADERS.revision]]).toEqual([204, '2'])
  })
})

describe('below a prefix', () => {
  test('keys are listed by their bytes, page by page', async () => {
    await using t = await setUpApp()
    for (const key of ['a', 'b/2', 'b/1', 'b/😀', 'b/z', 'c']) {
      await put(t, encodeURIComponent(key))
    }
    const first = await t.api('GET /kv?prefix=b/&limit=3')
    expect(first.body).toEqual({
      entries: [
        { key: 'b/1', valueBase64: 'dg==', modRevision: 3, createRevision: 3 },
        { key: 'b/2', valueBase64: 'dg==', modRevision: 2, createRevision: 2 },
        { key: 'b/z', valueBase64: 'dg==', modRevision: 5, createRevision: 5 },
      ],
      next: expect.any(String),
      revision: 6,
    })
    const second = await t.api(`GET /kv?prefix=b/&limit=3&cursor=${String(first.body['next'])}`)
    expect([keysOf(second), second.body['next']]).toEqual([['b/😀'], null])
    expect(keysOf(await t.api('GET /kv'))).toEqual(['a', 'b/1', 'b/2', 'b/z', 'b/😀', 'c'])
  })

  test('keys are listed without values where that is asked for', async () => {
    await using t = await setUpApp()
    const { body } = await t.api('POST /leases', { body: { ttlMs: 5_000 } })
    await put(t, `a?lease=${String(body['id'])}`)
    expect((await t.api('GET /kv?keysOnly=1')).body['entries']).toEqual([
      { key: 'a', modRevision: 2, createRevision: 2, lease: body['id'] },
    ])
  })

  test('a page ends early where its values are large', async () => {
    await using t = await setUpApp()
    const value = Buffer.alloc(1_024 * 1_024)
    for (const key of 'abcdef') await t.api(`PUT /kv/${key}`, { body: value })
    const first = await t.api('GET /kv')
    expect(keysOf(first)).toEqual(['a', 'b', 'c', 'd', 'e'])
    const second = await t.api(`GET /kv?cursor=${String(first.body['next'])}`)
    expect([keysOf(second), second.body['next']]).toEqual([['f'], null])
    expect(keysOf(await t.api('GET /kv?keysOnly=1'))).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  test('keys are deleted together', async () => {
    await using t = await setUpApp()
    for (const key of ['a', 'b/1', 'b/2']) await put(t, key)
    const { status, body, headers } = await t.api('DELETE /kv?prefix=b/')
    expect([status, body, headers[HEADERS.revision]]).toEqual([200, { deleted: 2 }, '4'])
    expect(keysOf(await t.api('GET /kv'))).toEqual(['a'])
    expect((await t.api('DELETE /kv?prefix=b/')).body).toEqual({ deleted: 0 })
  })
})

describe('a read', () => {
  const old: Call = { headers: { [HEADERS.minRevision]: '1' } }

  test('sees what it must have seen, or says that it cannot', async () => {
    await using t = await setUpApp()
    await put(t, 'a')
    expect((await t.api('GET /kv/a', old)).status).toBe(200)
    expect((await t.api('GET /kv?consistency=linearizable', old)).status).toBe(200)
    const waiting = t.api('GET /kv/a', { headers: { [HEADERS.minRevision]: '9' } })
    let isAnswered = false
    void waiting.then(() => (isAnswered = true))
    await soon('it gives up', () => {
      t.catalog.clock.advanceNow(1_000)
      return isAnswered
    })
    const late = await waiting
    expect([late.status, late.body['code'], late.headers['retry-after']]).toEqual([
      503,
      'unavailable',
      '1',
    ])
  })
})

describe('with an Idempotency-Key', () => {
  const once = (body: string): Call => ({ body, headers: { 'idempotency-key': 'k-1' } })

  test('the same write is done once, and answered as it was', async () => {
    await using t = await setUpApp()
    const first = await t.api('PUT /kv/a', once('v'))
    const again = await t.api('PUT /kv/a', once('v'))
    expect(again.body).toEqual(first.body)
    expect((await t.api('GET /kv/a')).headers['etag']).toBe('"1"')
  })

  test('another write is refused', async () => {
    await using t = await setUpApp()
    await t.api('PUT /kv/a', once('v'))
    for (const answer of [
      await t.api('PUT /kv/a', once('w')),
      await t.api('PUT /kv/b', once('v')),
      await t.api('PUT /kv/a?ifRevision=1', once('v')),
    ]) {
      expect([answer.status, answer.body['code']]).toEqual([409, 'idempotency_conflict'])
    }
  })

  test.each(['', 'x'.repeat(65), 'a b', 'é'])('%j is refused', async (key) => {
    await using t = await setUpApp()
    const { status, body } = await t.api('PUT /kv/a', {
      body: 'v',
      headers: { 'idempotency-key': key },
    })
    expect([status, body['code']]).toEqual([400, 'invalid_argument'])
  })
})
