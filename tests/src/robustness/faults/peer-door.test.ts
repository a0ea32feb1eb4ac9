import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { until } from '@rollcall/runtime/testing'
import { expect, onTestFinished, test } from 'vitest'
import { PeerDoor } from './peer-door.ts'

const WITHIN = { withinMs: 10_000 }

/** A member that says back whatever it is told, behind a door. */
async function openDoor(): Promise<PeerDoor> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const door = await PeerDoor.before(`127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(async () => {
    await door[Symbol.asyncDispose]()
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return door
}

/** A peer that has said who it is, in several pieces, and hears what comes back. */
async function dial(door: PeerDoor, peerId: string) {
  const { hostname, port } = new URL(door.url)
  const socket = connect(Number(port), hostname)
  onTestFinished(() => {
    socket.destroy()
  })
  const peer = { heard: '', say: (text: string) => socket.write(text) }
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    peer.heard += chunk.toString()
  })
  await once(socket, 'connect')
  peer.say('GET /raft/stream HTTP/1.1\r\nX-Server-')
  peer.say(`From: ${peerId}\r\n\r\n`)
  await until('it hears itself', () => peer.heard.endsWith('\r\n\r\n') || undefined, WITHIN)
  return peer
}

test('a peer that is cut off is not heard until it is mended, and others are', async () => {
  const door = await openDoor()
  const [first, second] = [await dial(door, 'a1'), await dial(door, 'b2')]
  await door.cut('a1')
  first.say('from the first')
  second.say('from the second')
  await until('the second is heard', () => second.heard.endsWith('second') || undefined, WITHIN)
  expect(first.heard).not.toContain('from the first')
  await door.mend('a1')
  await until(
    'the first is heard',
    () => first.heard.endsWith('from the first') || undefined,
    WITHIN,
  )
})
