import type { Socket } from 'node:net'
import { request } from 'undici'
import { describe, expect, test } from 'vitest'
import { dial, setUpApp, soon, type AppHarness, type AppSetUp } from '../testing/index.ts'

const BASE = '/registry/v1/kv'
const BYTES = 'application/octet-stream'
const VARYING = ['date', 'connection', 'keep-alive']

interface Sent {
  readonly method: 'GET' | 'PUT'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A node that is asked through its socket, and counts what the shortcut leaves to the server. */
async function setUp(options: AppSetUp = {}) {
  const t = await setUpApp(options)
  const { url, port } = await t.listen()
  let left = 0
  const sockets: Socket[] = []
  t.app.server.prependListener('connection', (socket: Socket) => sockets.push(socket))
  t.app.server.prependListener('request', () => {
    left += 1
  })
  const send = async ({ method, path, headers = {}, body }: Sent) => {
    const answer = await request(`${url}${path}`, { method, headers, body: body ?? null })
    return {
      status: answer.statusCode,
      headers: pick(answer.headers),
      text: Buffer.from(await answer.body.arrayBuffer()).toString('latin1'),
    }
  }
  return {
    ...t,
    port,
    send,
    left: () => left,
    /** How many bytes the node has got over the first connection. */
    got: () => sockets[0]?.bytesRead ?? 0,
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}

/** The same to the router alone, of another node. */
async function route(t: AppHarness, { method, path, headers = {}, body }: Sent) {
  const payload = body === undefined ? {} : { payload: body }
  const answer = await t.app.inject({ method, url: path, headers, ...payload })
  return {
    status: answer.statusCode,
    headers: pick(answer.headers),
    text: answer.rawPayload.toString('latin1'),
  }
}

function pick(headers: Readonly<Record<string, unknown>>) {
  const entries = Object.entries(headers).filter(([name]) => !VARYING.includes(name))
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

const put = (key: string, body: string, headers: Record<string, string> = {}): Sent => ({
  method: 'PUT',
  path: `${BASE}/${key}`,
  headers: { 'content-type': BYTES, ...headers },
  body,
})
const get = (key: string, headers: Record<string, string> = {}): Sent => ({
  method: 'GET',
  path: `${BASE}/${key}`,
  headers,
})

describe('what the shortcut answers is what the routes answer', () => {
  test.each<[string, boolean, Sent]>([
    ['a put', true, put('a', 'new')],
    ['a put of a new key', true, put('shop/b.1:x-y_z', 'new')],
    ['a put of text', true, put('a', 'new', { 'content-type': 'text/plain;charset=UTF-8' })],
    ['a put of nothing', true, put('a', '')],
    ['a put of an unknown type', false, put('a', 'new', { 'content-type': 'image/png' })],
    ['a put under a condition', false, put('a?ifRevision=1', 'new')],
    ['a put under a wrong condition', false, put('a?ifRevision=7', 'new')],
    ['a put on a lease that is not there', false, put('a?lease=7', 'new')],
    ['a put of a key whose slashes are escaped', true, put('shop%2Fb%2F', 'new')],
    ['a put of a key that begins with a slash', true, put('%2Fa%2F%2Fb', 'new')],
    ['a put of an escaped key', false, put('a%3Ab', 'new')],
    ['a put of a key with an escape in small letters', false, put('a%2fb', 'new')],
    ['a put of a key that is too long', false, put('x'.repeat(513), 'new')],
    ['a put that may be repeated', true, put('a', 'new', { 'idempotency-key': 'k' })],
    ['a put with a wrong idempotency key', true, put('a', 'new', { 'idempotency-key': 'k k' })],
    ['a put for readers of HTML', false, put('a', 'new', { accept: 'text/html' })],
    ['a get', true, get('a')],
    ['a get of a key whose slashes are escaped', true, get('shop%2Fa')],
    ['a get that claims to be repeatable', true, get('a', { 'idempotency-key': 'k' })],
    ['a get by a client that compresses', true, get('large', { 'accept-encoding': 'gzip' })],
    ['a get of a key on a lease', true, get('leased')],
    ['a get of what is not there', false, get('missing')],
    ['a get under a condition', false, get('a', { 'if-none-match': '"1"' })],
    ['a get of something fresh', false, get('a', { 'x-rollcall-min-revision': '1' })],
    ['a get of the truth', false, get('a?consistency=linearizable')],
    ['a get for readers of HTML', false, get('a', { accept: 'text/html' })],
  ])('%s (by the shortcut: %s)', async (_, isFast, sent) => {
    await using t = await setUp()
    await using other = await setUpApp()
    for (const { catalog } of [t.catalog, other.catalog]) {
      await catalog.kv.put('a', Buffer.from([0, 1, 255, 13, 10]))
      await catalog.kv.put('large', Buffer.alloc(5_000, 'x'))
      await catalog.kv.put('shop/a', Buffer.from('v'))
      const { id } = await catalog.leases.grant({ ttlMs: 60_000 })
      await catalog.kv.put('leased', Buffer.from('v'), { lease: id })
    }
    const [fast, slow] = [await t.send(sent), await route(other, sent)]
    const lease = 'x-rollcall-lease'
    // Drawn at random on each.
    if (lease in fast.headers) fast.headers[lease] = slow.headers[lease] ?? 'none'
    expect(fast).toEqual(slow)
    expect(t.left() === 0).toBe(isFast)
    const valueOf = (harness: AppHarness) => String(harness.catalog.catalog.kv.get('a')?.value)
    expect(valueOf(t)).toBe(valueOf(other))
  })

  test('a put that is repeated is done once, by whichever way each comes', async () => {
    await using t = await setUp()
    const once = put('a', 'v', { 'idempotency-key': 'k' })
    const first = await t.send(once)
    expect(first.status).toBe(200)
    expect(await t.send(once)).toEqual(first)
    expect(t.left()).toBe(0)
    expect((await route(t, once)).text).toBe(first.text)
    const other = put('a', 'w', { 'idempotency-key': 'k' })
    const conflict = await t.send(other)
    expect(conflict.status).toBe(409)
    expect(conflict).toEqual(await route(t, other))
    const { modRevision } = t.catalog.catalog.kv.get('a') ?? {}
    expect(JSON.parse(first.text)).toMatchObject({ modRevision })
  })

  test('a refusal of the engine', async () => {
    await using t = await setUp()
    await using other = await setUpApp()
    for (const { engine } of [t.catalog, other.catalog]) engine.loseAnswers(1)
    const fast = await t.send(put('a', 'v'))
    expect(fast).toEqual(await route(other, put('a', 'v')))
    expect([fast.status, t.left()]).toEqual([504, 0])
    for (const { engine } of [t.catalog, other.catalog]) engine.cutOff()
    const refused = await t.send(put('a', 'v'))
    expect(refused.status).toBe(503)
    expect(refused).toEqual(await route(other, put('a', 'v')))
  })

  test('a view that does not follow is for the routes to answer from', async () => {
    await using t = await setUp()
    await t.send(put('a', 'v'))
    t.catalog.engine.cutOff()
    await soon('the view is stale', () => t.catalog.catalog.readNow()?.staleMs !== undefined)
    const read = await t.send(get('a'))
    expect(read.headers).toHaveProperty('x-rollcall-stale')
    expect(t.left()).toBe(1)
  })

  test('a value larger than bodies may be is refused', async () => {
    await using t = await setUp({ limits: { catalogBodyMaxBytes: 1_024 } })
    expect((await t.send(put('a', 'x'.repeat(1_025)))).status).toBe(413)
    expect((await t.send(put('a', 'x'.repeat(1_024)))).status).toBe(200)
  })

  test('the token is asked for, and what is answered is counted', async () => {
    await using t = await setUp({ token: 'secret' })
    const authorization = 'Bearer secret'
    expect((await t.send(put('a', 'v'))).status).toBe(401)
    expect(t.catalog.catalog.kv.get('a')).toBeUndefined()
    expect((await t.send(put('a', 'v', { authorization }))).status).toBe(200)
    expect((await t.send(get('a'))).status).toBe(401)
    expect((await t.send(get('a', { authorization }))).text).toBe('v')
    const text = await t.metrics.text()
    for (const method of ['GET', 'PUT']) {
      expect(text).toContain(`{method="${method}",route="${BASE}/*",status="200"} 1`)
    }
  })
})

describe('a connection', () => {
  const raw = (method: string, key: string, body = '') =>
    `${method} ${BASE}/${key} HTTP/1.1\r\nHost: x\r\nContent-Type: ${BYTES}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const bodiesIn = (text: string) =>
    text
      .split('HTTP/1.1 200 OK')
      .slice(1)
      .map((one) => one.slice(one.indexOf('\r\n\r\n') + 4))

  test('gets its answers in the order of its requests, however early they come', async () => {
    await using t = await setUp()
    await using wire = await dial(t.port)
    t.catalog.engine.pauseWatches()
    wire.send(raw('PUT', 'a', 'one'))
    await soon('the put is under way', () => t.catalog.catalog.status().revision === 1)
    wire.send(raw('GET', 'a'))
    const sent = raw('PUT', 'a', 'one').length + raw('GET', 'a').length
    await soon('the node has both', () => t.got() === sent)
    t.catalog.engine.resumeWatches()
    await soon('both are answered', () => bodiesIn(wire.text()).length === 2)
    const [written, read] = bodiesIn(wire.text())
    expect([JSON.parse(written ?? ''), read]).toEqual([
      { key: 'a', modRevision: 1, createRevision: 1, created: true },
      'one',
    ])
    expect(t.left()).toBe(0)
  })

  test('may send a value in pieces', async () => {
    await using t = await setUp()
    await using wire = await dial(t.port)
    const whole = raw('PUT', 'a', 'value')
    wire.send(whole.slice(0, -2))
    await soon('the server has it', () => t.left() === 1)
    wire.send(whole.slice(-2))
    await soon('it is answered', () => bodiesIn(wire.text()).length === 1)
    const found = t.catalog.catalog.kv.get('a')
    expect(Buffer.from(found?.value ?? []).toString()).toBe('value')
  })

  test('that ends with a put still gets the answer, and so does one of a server that stops', async () => {
    await using t = await setUp()
    await using wire = await dial(t.port)
    t.catalog.engine.pauseWatches()
    wire.send(raw('PUT', 'a', 'one'))
    await soon('the put is under way', () => t.catalog.catalog.status().revision === 1)
    const closed = t.app.close()
    await soon('it closes', () => !t.app.server.listening)
    expect(wire.text()).toBe('')
    t.catalog.engine.resumeWatches()
    await wire.ended
    expect(bodiesIn(wire.text())).toHaveLength(1)
    await closed
  })

  test('that vanishes during a put harms nobody', async () => {
    await using t = await setUp()
    t.catalog.engine.pauseWatches()
    const wire = await dial(t.port)
    wire.send(raw('PUT', 'a', 'one'))
    await soon('the put is under way', () => t.catalog.catalog.status().revision === 1)
    await wire[Symbol.asyncDispose]()
    t.catalog.engine.resumeWatches()
    expect((await t.send(get('a'))).status).toBe(200)
  })
})
