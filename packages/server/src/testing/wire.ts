/**
 * A bare connection, for what no HTTP client would send.
 *
 * @module
 */

import { connect } from 'node:net'
import { once } from 'node:events'

export interface Wire extends AsyncDisposable {
  send(text: string): void
  /** Everything that came back so far. */
  text(): string
  /** Resolves when the other side has closed. */
  readonly ended: Promise<unknown>
}

/** Connects to a port of loopback. */
export async function dial(port: number): Promise<Wire> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (bytes) => {
    received += bytes.toString()
  })
  // The other side may cut what it refuses while we still send.
  socket.on('error', () => {})
  const ended = new Promise((resolve) => {
    socket.once('close', resolve)
  })
  await once(socket, 'connect')
  return {
    ended,
    send: (text) => socket.write(text),
    text: () => received,
    async [Symbol.asyncDispose]() {
      socket.destroy()
      await ended
    },
  }
}
