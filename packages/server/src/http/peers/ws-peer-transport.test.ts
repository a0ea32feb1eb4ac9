import { once } from 'node:events'
import { createServer as createWebServer } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { PeerMessage } from '../../instances/index.ts'
import { soon } from '../../testing/index.ts'
import { Handshake } from './handshake.ts'
import { answerAsStranger, dialAsStranger, drive, startNode, startPair } from './testing/set-up.ts'

const ANYBODY = { node: 'b', zone: 'z1', inc: 1, address: 'b:1' }
const PING: PeerMessage = { kind: 'forward-ack', seq: 1 }

/** A message of about so many bytes. */
function big(bytes: number): PeerMessage {
  const missing = Array.from({ length: Math.floor(bytes / 6) }, () => 12_345)
  return { kind: 'ack', seq: 1, inc: 1, missing }
}

test.each([undefined, 'correct-horse'])(
  'two nodes talk, each on its own channel, with the secret %s',
  async (secret) => {
    await using pair = await startPair(secret)
    const { a, b } = pair
    expect(a.told.connected).toEqual([[b.address, b.identity]])
    await soon('b knows', () => b.told.accepted.length === 1)
    expect(b.told.accepted).toEqual([a.identity])

    expect(a.transport.send('b', PING)).toBe(true)
    await soon('b has it', () => b.told.received.length === 1)
    expect(b.told.received).toEqual([['a', PING]])

    expect(b.transport.send('a', PING)).toBe(false)
    await b.connect(a.address)
    await soon('b is connected', () => b.told.connected.length === 1)
    expect(b.transport.send('a', PING)).toBe(true)
    await soon('a has it', () => a.told.received.length === 1)
    expect([...a.told.counted, ...b.told.counted, ...a.told.refused]).toEqual([])
  },
)

test('messages arrive in order, also large ones', async () => {
  await using pair = await startPair()
  const { a, b } = pair
  const sent = [PING, big(90_000), { ...PING, seq: 2 }, big(10_000), { ...PING, seq: 3 }]
  for (const message of sent) expect(a.transport.send('b', message)).toBe(true)
  await soon('all are there', () => b.told.received.length === sent.length)
  expect(b.told.received.map(([, message]) => message)).toEqual(sent)
})

test('what cannot be sent is said so', async () => {
  const errors: string[] = []
  const log = {
    error: (_: unknown, message: string) => errors.push(message),
    warn() {},
    info() {},
    debug() {},
  }
  await using b = await startNode({ node: 'b' })
  await using a = await startNode({ node: 'a', log })
  await a.connect(b.address)
  await soon('a is connected', () => a.told.connected.length === 1)
  expect(a.transport.send('nobody', PING)).toBe(false)
  expect(a.transport.send('b', big(9 * 1_024 * 1_024))).toBe(false)
  expect(errors).toHaveLength(1)
  expect(a.transport.send('b', PING)).toBe(true)
  await soon('b has it', () => b.told.received.length === 1)
})

test.each([
  { ours: 'one', theirs: 'other', reason: 'another --cluster-secret', counted: 'wrong_secret' },
  { ours: 'one', reason: 'the other has none', counted: 'secret_missing' },
  { theirs: 'one', reason: 'the other has none', counted: 'secret_missing' },
])('a node with the secret $ours is refused by one with $theirs', async (row) => {
  const { ours, theirs, reason, counted } = row
  await using a = await startNode({ node: 'a', ...(ours !== undefined && { secret: ours }) })
  await using b = await startNode({ node: 'b', ...(theirs !== undefined && { secret: theirs }) })
  await a.connect(b.address)
  await soon('a is told', () => a.told.refused.length === 1)
  expect(a.told.refused[0]?.[0]).toBe(b.address)
  expect(a.told.refused[0]?.[1]).toContain(reason)
  expect([a.told.connected, b.told.accepted, a.told.counted]).toEqual([[], [], []])
  expect(b.told.counted).toEqual([counted])
})

test('a lasting refusal is told once, and the end of it is seen', async () => {
  await using a = await startNode({ node: 'a', secret: 'one' })
  const wrong = await startNode({ node: 'b', secret: 'other' })
  await a.connect(wrong.address)
  const driver = drive(a.clock)
  await soon('it was tried again', () => wrong.told.counted.length > 2)
  expect(a.told.refused).toHaveLength(1)
  await wrong[Symbol.asyncDispose]()
  await using right = await startNode({ node: 'b', secret: 'one', port: wrong.port })
  await soon('a is connected', () => a.told.connected.length > 0)
  driver.stop()
  expect(right.told.accepted[0]).toEqual(a.identity)
})

test.each([
  { says: 'text', what: 'hello', code: 4_004, reason: 'garbage' },
  {
    says: 'what a node says, in bytes',
    what: Buffer.from(new Handshake('dialler', ANYBODY, undefined).greeting()),
    code: 4_004,
    reason: 'garbage',
  },
  {
    says: 'another version',
    what: '{"protocol":"rollcall-peer/1"}',
    code: 4_001,
    reason: 'other_version',
  },
  { says: 'too much', what: 'x'.repeat(20_000), code: 1_009, reason: 'too_big' },
  { says: 'far too much', what: 'x'.repeat(9 * 1_024 * 1_024), code: 1_009, reason: 'too_big' },
])('a stranger who says $says is refused', async ({ what, code, reason }) => {
  await using b = await startNode({ node: 'b' })
  const stranger = await dialAsStranger(b.address)
  stranger.socket.send(what)
  await soon('it is refused', () => b.told.counted.length === 1)
  expect(b.told.counted).toEqual([reason])
  await soon('it is closed', () => stranger.code() !== undefined)
  // One whose close was still full of what it said may see the connection break.
  expect([code, 1_006]).toContain(stranger.code())
  expect([b.told.accepted, b.told.received]).toEqual([[], []])
})

test('a stranger who says nothing is refused in five seconds, and cut off if it never reads', async () => {
  await using b = await startNode({ node: 'b' })
  const stranger = await dialAsStranger(b.address)
  const deaf = await dialAsStranger(b.address)
  deaf.socket.pause()
  await b.clock.advance(4_999)
  expect(stranger.socket.readyState).toBe(stranger.socket.OPEN)
  await b.clock.advance(1)
  await soon('it is refused', () => stranger.code() !== undefined)
  expect(stranger.code()).toBe(4_005)
  await b.clock.advance(1_000)
  await soon('both are counted', () => b.told.counted.length === 2)
  expect(b.told.counted).toEqual(['silent', 'silent'])
  deaf.socket.terminate()
})

test.each([
  ['says nothing', () => {}, 'said nothing'],
  [
    'talks garbage',
    (socket: { send(text: string): void }) => {
      socket.send('hello')
    },
    'what no node says',
  ],
  [
    'speaks another version',
    (socket: { send(text: string): void }) => {
      socket.send('{"protocol":"rollcall-peer/7"}')
    },
    'another version',
  ],
  [
    'sends far too much',
    (socket: { send(text: string): void }) => {
      socket.send('x'.repeat(100_000))
    },
    'too big',
  ],
])('who is dialled and %s is refused', async (_, answer, reason) => {
  await using stranger = await answerAsStranger((_text, socket) => {
    answer(socket)
  })
  await using a = await startNode({ node: 'a', secret: 'one' })
  await a.connect(stranger.address)
  await soon('it was dialled', () => stranger.strangers[0]?.heard.length === 1)
  const driver = reason === 'said nothing' ? drive(a.clock) : undefined
  await soon('it is refused', () => a.told.refused.length === 1)
  driver?.stop()
  expect(a.told.refused[0]?.[1]).toContain(reason)
  expect(a.told.counted.length).toBeGreaterThan(0)
  // It was never shown a proof to guess at.
  expect(stranger.strangers[0]?.heard.join('')).not.toContain('"proof"')
})

test('what is no node, and what is no address, is told', async () => {
  await using a = await startNode({ node: 'a' })
  const web = createWebServer((_request, response) => {
    response.writeHead(404).end()
  })
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  const { port } = web.address() as { port: number }
  await a.connect(`127.0.0.1:${port}`)
  await soon('it is told', () => a.told.refused.length === 1)
  expect(a.told.refused[0]?.[1]).toContain('404')
  for (const address of [
    '',
    'host',
    'host:',
    'host:99999',
    'a b:1',
    'h:1/x',
    'u@h:1',
    'http://h:1',
  ]) {
    a.told.refused.length = 0
    await a.connect(address)
    expect(a.told.refused).toEqual([[address, 'it is not HOST:PORT']])
  }
  web.closeAllConnections()
  web.close()
})

test('who takes the call and never answers is dialled again', async () => {
  const callers: Socket[] = []
  const deaf = createServer((socket) => callers.push(socket))
  deaf.listen(0, '127.0.0.1')
  await once(deaf, 'listening')
  const { port } = deaf.address() as { port: number }
  const a = await startNode({ node: 'a' })
  await a.connect(`127.0.0.1:${port}`)
  await soon('it called', () => callers.length === 1)
  await a.clock.advance(4_999)
  expect(callers[0]?.destroyed).toBe(false)
  const driver = drive(a.clock)
  await soon('it called again', () => callers.length > 1)
  driver.stop()
  expect([a.told.connected, a.told.refused]).toEqual([[], []])
  await a[Symbol.asyncDispose]()
  for (const caller of callers) caller.destroy()
  deaf.close()
})

test('a peer that talks garbage is refused on both sides, and may come again', async () => {
  await using pair = await startPair()
  const { a, b } = pair
  // No node sends this: the one side takes for sound what the other does not.
  a.transport.send('b', { kind: 'ack', seq: -1, inc: 1, missing: [] })
  await soon('a is told', () => a.told.refused.length === 1)
  expect(b.told.counted).toEqual(['garbage'])
  expect(a.told.disconnected).toEqual([[b.address, 'b']])
  await a.clock.advance(2_000)
  await soon('a is connected again', () => a.told.connected.length === 2)
})

test('an accepter that speaks on a channel that is not its own is refused', async () => {
  const handshakes = new Map<unknown, Handshake>()
  await using b = await answerAsStranger((text, socket) => {
    const handshake = handshakes.get(socket) ?? new Handshake('accepter', ANYBODY, undefined)
    handshakes.set(socket, handshake)
    const step = handshake.take(text)
    if (step.kind !== 'refuse' && step.text !== undefined) socket.send(step.text)
    if (step.kind === 'open') socket.send('{"proof":""}')
  })
  await using a = await startNode({ node: 'a' })
  await a.connect(b.address)
  await soon('it is refused', () => a.told.refused.length === 1)
  expect(a.told.connected).toEqual([[b.address, ANYBODY]])
  expect(a.told.disconnected).toEqual([[b.address, 'b']])
  expect(a.told.counted).toEqual(['garbage'])
})

test('a peer that sends too much at once is refused', async () => {
  await using b = await startNode({ node: 'b' })
  const peer = await dialAsStranger(b.address)
  const handshake = new Handshake('dialler', { ...b.identity, node: 'a' }, undefined)
  peer.socket.on('message', (data: Buffer) => {
    const step = handshake.take(data.toString())
    if (step.kind === 'say') peer.socket.send(step.text)
  })
  peer.socket.send(handshake.greeting())
  await soon('it is a peer', () => b.told.accepted.length === 1)
  peer.socket.send('x'.repeat(8 * 1_024 * 1_024 + 1))
  await soon('it is refused', () => b.told.counted.length === 1)
  expect(b.told.counted).toEqual(['too_big'])
})

test('a peer that never reads fills its channel, and no more', async () => {
  await using pair = await startPair()
  const { a, b } = pair
  await soon('b knows', () => b.told.accepted.length === 1)
  // The other process is stopped: nothing reads, and nothing answers.
  for (const socket of b.sockets) socket.pause()
  const message = big(100_000)
  let sent = 0
  while (sent < 1_000 && a.transport.send('b', message)) sent += 1
  expect(sent).toBeGreaterThan(10)
  expect(sent).toBeLessThan(150)
  expect(a.transport.send('b', PING)).toBe(false)
  for (const socket of b.sockets) socket.resume()
  await soon('all have come', () => b.told.received.length === sent)
  await soon('there is room again', () => a.transport.send('b', PING))
})

test('a silent link is found and dialled again', async () => {
  await using pair = await startPair()
  const { a, b } = pair
  for (const socket of b.sockets) socket.pause()
  await a.clock.advance(9_000)
  expect(a.told.disconnected).toEqual([])
  await a.clock.advance(12_000)
  await soon('a knows', () => a.told.disconnected.length === 1)
  await a.clock.advance(2_000)
  await soon('a is connected again', () => a.told.connected.length === 2)
})

test('a link on which both only say that they live stays open', async () => {
  await using pair = await startPair()
  const { a, b } = pair
  for (let turn = 0; turn < 12; turn += 1) {
    const [socket] = b.sockets
    const before = socket?.bytesRead ?? 0
    await a.clock.advance(5_000)
    await b.clock.advance(5_000)
    await soon('b heard', () => (socket?.bytesRead ?? 0) > before)
  }
  expect(a.told.disconnected).toEqual([])
})

test('a peer that starts again is dialled again', async () => {
  await using a = await startNode({ node: 'a' })
  const b = await startNode({ node: 'b', inc: 1 })
  await a.connect(b.address)
  await soon('a is connected', () => a.told.connected.length === 1)
  await b[Symbol.asyncDispose]()
  await soon('a knows', () => a.told.disconnected.length === 1)
  expect(a.transport.send('b', PING)).toBe(false)
  await using again = await startNode({ node: 'b', inc: 2, port: b.port })
  const driver = drive(a.clock)
  await soon('a is connected again', () => a.told.connected.length > 1)
  driver.stop()
  expect(a.told.connected[1]).toEqual([b.address, again.identity])
  expect(a.told.refused).toEqual([])
})

test('who is disconnected is not dialled again', async () => {
  await using pair = await startPair()
  const { a, b } = pair
  a.transport.disconnect(b.address)
  expect(a.transport.send('b', PING)).toBe(false)
  await a.clock.advance(60_000)
  expect(a.told.connected).toHaveLength(1)
  expect(a.told.disconnected).toEqual([])
  a.transport.disconnect(b.address)
  await a.connect(b.address)
  await soon('a is connected again', () => a.told.connected.length === 2)
})

test('a node that dials itself is told so, and hears nothing of itself', async () => {
  await using a = await startNode({ node: 'a', secret: 'one' })
  await a.connect(a.address)
  await soon('it is connected', () => a.told.connected.length === 1)
  expect(a.told.connected).toEqual([[a.address, a.identity]])
  expect(a.transport.send('a', PING)).toBe(true)
  await using b = await startNode({ node: 'b', secret: 'one' })
  await b.connect(a.address)
  await soon('b is connected', () => b.told.connected.length === 1)
  b.transport.send('a', PING)
  await soon('it came', () => a.told.received.length === 1)
  expect(a.told.received).toEqual([['b', PING]])
  expect(a.told.accepted).toEqual([b.identity])
})

test('a node that stops leaves nothing open, whoever is at the other end', async () => {
  const deaf = createServer(() => {})
  deaf.listen(0, '127.0.0.1')
  await once(deaf, 'listening')
  const { port } = deaf.address() as { port: number }
  const a = await startNode({ node: 'a' })
  const b = await startNode({ node: 'b' })
  await a.connect(b.address)
  await b.connect(a.address)
  await a.connect(`127.0.0.1:${port}`)
  await soon('both are connected', () => a.told.connected.length + b.told.connected.length === 2)
  const stranger = await dialAsStranger(a.address)
  stranger.socket.pause()
  for (const socket of b.sockets) socket.pause()
  await a[Symbol.asyncDispose]()
  for (const socket of b.sockets) socket.resume()
  await soon('b knows', () => b.told.disconnected.length === 1)
  expect(a.told.disconnected).toEqual([])
  a.transport.connect(b.address)
  await a.clock.advance(5_000)
  expect(a.told.connected).toHaveLength(1)
  expect(a.transport.send('b', PING)).toBe(false)
  await b[Symbol.asyncDispose]()
  stranger.socket.terminate()
  deaf.close()
})
