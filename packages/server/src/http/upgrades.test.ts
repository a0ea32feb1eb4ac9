import { once } from 'node:events'
import { connect } from 'node:net'
import { API_BASE } from '@rollcall/protocol'
import { seededRandom, silentLog, start } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { setUpApp, setUpPlane, soon } from '../testing/index.ts'
import type { PeerListener } from '../instances/index.ts'
import { createMetrics } from '../telemetry/index.ts'
import { createAuthorize } from '../security/index.ts'
import { createApp } from './app.ts'
import { createPeerTransport } from './peers/index.ts'
import { Readiness } from './readiness.ts'
import { Waiters } from './waiters.ts'

const TOKEN = 'correct-horse'
const PATH = `${API_BASE}/cluster/peer`
const WEB_SOCKET = [
  'upgrade: websocket',
  'connection: Upgrade',
  'sec-websocket-version: 13',
  'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
]
/** As Java's HTTP client sends with each first request. */
const H2C = [
  'upgrade: h2c',
  'connection: Upgrade, HTTP2-Settings',
  'http2-settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
]

/** A node's whole HTTP server, with a token, that lets peers in. */
async function setUp(node: string) {
  const { plane, clock } = setUpPlane()
  const metrics = createMetrics({ ofProcess: false })
  const told: string[] = []
  const identity = { node, zone: 'z1', inc: 1, address: `${node}:1` }
  const listener: PeerListener = {
    identity: () => identity,
    connected: (_, peer) => told.push(`connected ${peer.node}`),
    disconnected: (_, peer) => told.push(`disconnected ${peer}`),
    accepted: (peer) => told.push(`accepted ${peer.node}`),
    received: (from, { kind }) => told.push(`${kind} of ${from}`),
    refused: (_, reason) => told.push(reason),
  }
  const transport = createPeerTransport({
    listener,
    secret: 'of the cluster',
    clock,
    random: seededRandom(1),
    log: silentLog,
    metrics: { refused() {} },
  })
  const app = await createApp({
    node,
    version: '0.0.0-test',
    instances: plane,
    peers: transport.acceptor,
    authorize: createAuthorize(TOKEN),
    readiness: new Readiness(),
    waiters: new Waiters(10),
    metrics,
    reportTtlMs: 1_800_000,
    limits: {
      bodyMaxBytes: 65_536,
      heartbeatsBodyMaxBytes: 65_536,
      catalogBodyMaxBytes: 65_536,
      restoreBodyMaxBytes: 65_536,
      watcherQueueMaxChanges: 100,
      watcherQueueMaxBytes: 65_536,
      waitMaxMs: 1_000,
      pageMax: 100,
      connectionsMax: 100,
    },
    clock,
    log: silentLog,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as { port: number }
  const running = start(transport)
  return {
    app,
    port,
    told,
    transport,
    clock,
    async [Symbol.asyncDispose]() {
      app.server.closeAllConnections()
      await app.close()
      await running[Symbol.asyncDispose]()
      metrics.close()
    },
  }
}

/** Sends requests over one connection, each after the answer to the one before. */
async function exchange(port: number, requests: readonly (readonly string[])[]) {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  const answers: string[] = []
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  for (const lines of requests) {
    text = ''
    socket.write(lines.join('\r\n'))
    await soon(`an answer to ${lines[0] ?? ''}`, () => isWhole(text) || socket.destroyed)
    answers.push(text)
  }
  socket.destroy()
  return answers
}

function isWhole(text: string): boolean {
  const [head, body] = text.split('\r\n\r\n', 2)
  if (head === undefined || body === undefined) return false
  return body.length >= Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
}

const get = (path: string, ...headers: string[]) => [
  `GET ${path} HTTP/1.1`,
  'host: x',
  ...headers,
  '',
  '',
]

test('nodes reach each other through their HTTP ports, without the token of clients', async () => {
  await using a = await setUp('a')
  await using b = await setUp('b')
  a.transport.connect(`127.0.0.1:${b.port}`)
  await a.clock.advance(0)
  await soon('a is connected', () => a.told.includes('connected b'))
  expect(a.transport.send('b', { kind: 'forward-ack', seq: 1 })).toBe(true)
  await soon('b has it', () => b.told.length === 2)
  expect(b.told).toEqual(['accepted a', 'forward-ack of a'])
})

test('the port closes although peers are connected', async () => {
  await using a = await setUp('a')
  await using b = await setUp('b')
  a.transport.connect(`127.0.0.1:${b.port}`)
  await a.clock.advance(0)
  await soon('a is connected', () => a.told.includes('connected b'))
  await b.app.close()
  await soon('a knows', () => a.told.includes('disconnected b'))
})

test('a peer that answers nothing any more is cut off with the port', async () => {
  await using b = await setUp('b')
  const deaf = connect({ host: '127.0.0.1', port: b.port })
  await once(deaf, 'connect')
  deaf.write(get(PATH, ...WEB_SOCKET).join('\r\n'))
  await once(deaf, 'data')
  deaf.pause()
  const closed = once(b.app.server, 'close')
  void b.app.close()
  b.app.server.closeAllConnections()
  await closed
  deaf.destroy()
})

test('without peers nothing is there', async () => {
  await using t = await setUpApp()
  const { port } = await t.listen()
  const [answer] = await exchange(port, [get(PATH, ...WEB_SOCKET)])
  expect(answer).toMatch(/^HTTP\/1.1 404 [\s\S]*route_not_found/)
})

test('with peers only the one path leads to them, and only by an upgrade', async () => {
  await using t = await setUp('a')
  const bearer = `authorization: Bearer ${TOKEN}`
  const [plain, other, query] = await exchange(t.port, [
    get(PATH, bearer),
    get(`${PATH}/more`, bearer, ...WEB_SOCKET),
    get(`${PATH}?a=b`, bearer, ...WEB_SOCKET),
  ])
  for (const answer of [plain, other, query]) expect(answer).toMatch(/^HTTP\/1.1 404 /)
  const [noToken] = await exchange(t.port, [get('/metrics', ...WEB_SOCKET)])
  expect(noToken).toMatch(/^HTTP\/1.1 401 /)
  const [upgraded] = await exchange(t.port, [get(PATH, ...WEB_SOCKET)])
  expect(upgraded).toMatch(/^HTTP\/1.1 101 /)
  const [h2c] = await exchange(t.port, [get(PATH, ...H2C)])
  expect(h2c).toMatch(/^HTTP\/1.1 400 /)
})

test('clients that offer another protocol are answered as ever, also with a body and again', async () => {
  await using t = await setUp('a')
  const bearer = `authorization: Bearer ${TOKEN}`
  const body = JSON.stringify({ addresses: ['http://h:1'] })
  const put = [
    `PUT ${API_BASE}/services/web/instances/a HTTP/1.1`,
    'host: x',
    bearer,
    'content-type: application/json',
    `content-length: ${body.length}`,
    ...H2C,
    '',
    body,
  ]
  const answers = await exchange(t.port, [
    get('/healthz', ...H2C),
    put,
    get(`${API_BASE}/services/web`, bearer, ...H2C),
    get(`${API_BASE}/services/web?status=up`, bearer, ...WEB_SOCKET),
  ])
  expect(answers.map((answer) => answer.slice(0, 12))).toEqual([
    'HTTP/1.1 200',
    'HTTP/1.1 201',
    'HTTP/1.1 200',
    'HTTP/1.1 200',
  ])
})

test('CONNECT is what it was without peers', async () => {
  await using bare = await setUpApp()
  const { port } = await bare.listen()
  await using t = await setUp('a')
  const line = ['CONNECT example.org:80 HTTP/1.1', 'host: example.org', '', '']
  expect(await exchange(t.port, [line])).toEqual(await exchange(port, [line]))
})
