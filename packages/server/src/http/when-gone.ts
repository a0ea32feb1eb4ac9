/**
 * Learning that a client has gone away while its answer waits.
 *
 * The answer itself does not always know: of several requests that were sent at once over one
 * connection, only the first has its answer joined to the connection, and those behind it hear
 * nothing of its end.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Who waits behind each connection. One listener a connection, however many that are. */
const waiting = new WeakMap<Socket, Set<() => void>>()

/** Calls back once when the answer is over, or can never reach its client. Answers how to call that off. */
export function whenGone(
  { socket }: IncomingMessage,
  response: ServerResponse,
  then: () => void,
): () => void {
  const waiters = waitersOf(socket)
  const stop = () => {
    waiters.delete(gone)
    response.off('close', gone)
  }
  const gone = () => {
    stop()
    then()
  }
  waiters.add(gone)
  response.once('close', gone)
  return stop
}

function waitersOf(socket: Socket): Set<() => void> {
  let waiters = waiting.get(socket)
  if (!waiters) {
    const all = new Set<() => void>()
    socket.once('close', () => {
      for (const gone of all) gone()
    })
    waiting.set(socket, all)
    waiters = all
  }
  return waiters
}
