import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { API_BASE } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { setUpApp, soon } from '../testing/index.ts'

/** More than the system takes in for a client that does not read. */
const INSTANCES = 4_000

/** A node with a service of some 16 MB. */
async function setUp(limits = {}) {
  const t = await setUpApp({ limits })
  for (let n = 0; n < INSTANCES; n += 1) {
    t.register({ id: `i-${n}` }, { metadata: { text: 'x'.repeat(3_900) } })
  }
  const { port } = await t.listen()
  const accepted: Socket[] = []
  t.app.server.on('connection', (socket: Socket) => accepted.push(socket))
  /** Asks over a connection of its own and reads nothing. Answers the node's end of it. */
  const askAndNotRead = async (path: string) => {
    const client = connect({ host: '127.0.0.1', port })
    await once(client, 'connect')
    client.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
    await soon('the answer is stuck', () => (accepted.at(-1)?.writableLength ?? 0) > 0)
    const [socket] = accepted.slice(-1)
    if (!socket) throw new Error('a connection that was seen has gone')
    return { client, socket }
  }
  return Object.assign(t, { askAndNotRead })
}

/** Before the parser, and behind it. */
const PATHS = [`${API_BASE}/services/web`, `${API_BASE}/services/web?status=up`]

test.each(PATHS)('%s that nobody reads does not keep the node from closing', async (path) => {
  await using t = await setUp()
  const { client } = await t.askAndNotRead(path)
  const closed = once(t.app.server, 'close')
  void t.app.close()
  t.app.server.closeAllConnections()
  await closed
  client.destroy()
})

test.each(PATHS)('%s that nobody reads is cut off when nothing moves', async (path) => {
  await using t = await setUp()
  const { client, socket } = await t.askAndNotRead(path)
  // As the system's clock would have it, much later.
  socket.emit('timeout')
  await soon('it is cut off', () => socket.destroyed)
  client.destroy()
})

test('a client that has said its last word and reads nothing is cut off when nothing moves', async () => {
  await using t = await setUp()
  const { client, socket } = await t.askAndNotRead(`${API_BASE}/services/web`)
  client.end()
  await soon('its end has come', () => socket.readableEnded)
  expect(socket.destroyed).toBe(false)
  socket.emit('timeout')
  await soon('it is cut off', () => socket.destroyed)
  client.destroy()
})

test('nothing counts as stuck as long as an answer may still wait', async () => {
  await using t = await setUpApp({ limits: { waitMaxMs: 120_000 } })
  const { timeout }: Server = t.app.server
  expect(timeout).toBeGreaterThan(120_000)
  await using longest = await setUpApp({ limits: { waitMaxMs: 2_147_483_647 } })
  expect(longest.app.server.timeout).toBe(2_147_483_647)
})
