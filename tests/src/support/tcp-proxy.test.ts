import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { TcpProxy } from './tcp-proxy.ts'

const WITHIN = { withinMs: 10_000 }

/** Long enough for bytes on loopback to arrive many times over. */
const QUIET_MS = 100

/** A server that sends everything back, and a proxy before it. */
async function setUp() {
  const accepted: Socket[] = []
  const clients: Client[] = []
  const server = createServer((socket) => {
    accepted.push(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await TcpProxy.open(`127.0.0.1:${(server.address() as AddressInfo).port}`)
  const open = () => {
    const client = new Client(proxy.address)
    clients.push(client)
    return client
  }
  const dispose = async () => {
    await proxy[Symbol.asyncDispose]()
    for (const { socket } of clients) socket.destroy()
    for (const socket of accepted) socket.destroy()
    server.close()
    await once(server, 'close')
  }
  return { proxy, accepted, open, [Symbol.asyncDispose]: dispose }
}

class Client {
  readonly socket: Socket
  received = ''
  hasEnded = false
  isClosed = false

  constructor(address: string) {
    const { hostname, port } = new URL(`tcp://${address}`)
    this.socket = connect({ host: hostname, port: Number(port) })
    this.socket.on('error', () => {})
    this.socket.on('data', (chunk) => {
      this.received += chunk.toString()
    })
    this.socket.once('end', () => {
      this.hasEnded = true
    })
    this.socket.once('close', () => {
      this.isClosed = true
    })
  }

  receives(text: string): Promise<true> {
    return until(`"${text}" came back`, () => this.received.endsWith(text) || undefined, WITHIN)
  }

  closes(): Promise<true> {
    return until('it was closed', () => this.isClosed || undefined, WITHIN)
  }
}

test('carries bytes both ways, and counts them', async () => {
  await using at = await setUp()
  const client = at.open()
  client.socket.write('hello')
  await client.receives('hello')
  expect(at.proxy.carriedBytes).toBe(10)
  expect(at.proxy.connections).toBe(1)
})

test('more than fits into any queue arrives whole', async () => {
  await using at = await setUp()
  const client = at.open()
  client.socket.write('x'.repeat(20_000_000))
  client.socket.end('the end')
  await client.receives('the end')
  expect(client.received).toHaveLength(20_000_007)
  await client.closes()
  await until('nothing is left', () => at.proxy.connections === 0 || undefined, WITHIN)
})

test('a cut holds everything, and once it is mended all arrives', async () => {
  await using at = await setUp()
  const client = at.open()
  client.socket.write('before')
  await client.receives('before')
  at.proxy.cut()
  client.socket.write('during')
  at.accepted[0]?.write('there')
  const late = at.open()
  late.socket.write('late')
  await systemClock.sleep(QUIET_MS, new AbortController().signal)
  expect([client.received, client.isClosed, late.received]).toEqual(['before', false, ''])
  expect(at.accepted).toHaveLength(1)

  at.proxy.mend()
  await client.receives('during')
  expect(client.received).toContain('there')
  await late.receives('late')
})

test('during a cut nobody learns that the other end has gone', async () => {
  await using at = await setUp()
  const client = at.open()
  client.socket.write('before')
  await client.receives('before')
  at.proxy.cut()
  at.accepted[0]?.destroy()
  await systemClock.sleep(QUIET_MS, new AbortController().signal)
  expect(client.isClosed).toBe(false)
  at.proxy.mend()
  await client.closes()
})

test('delays every byte, in order', async () => {
  await using at = await setUp()
  const client = at.open()
  const sinceMs = systemClock.monotonicMs()
  for (let n = 0; n < 10; n += 1) {
    at.proxy.delayMs = 60 - n
    client.socket.write(`${n}`)
    await systemClock.sleep(1, new AbortController().signal)
  }
  await client.receives('9')
  expect(client.received).toBe('0123456789')
  expect(systemClock.monotonicMs() - sinceMs).toBeGreaterThan(100)
})

test('breaks what goes through it', async () => {
  await using at = await setUp()
  const client = at.open()
  client.socket.write('before')
  await client.receives('before')
  at.proxy.breakAll()
  await client.closes()
  const next = at.open()
  next.socket.write('after')
  await next.receives('after')
})

test.each([undefined, '127.0.0.1:1'])(
  'hangs up on whoever comes while nobody is at %s',
  async (target) => {
    await using proxy = await TcpProxy.open(target)
    await new Client(proxy.address).closes()
  },
)
