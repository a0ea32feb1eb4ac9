/**
 * The HTTP server under the routes: what it puts up with, and the shortcut before the router.
 *
 * @module
 */

import { createServer, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { KEEP_ALIVE_MS } from './closing-lines.ts'
import type { FastPath } from './fast-path.ts'
import { isWorkingLong } from './long-requests.ts'
import type { PeerAcceptor } from './peers/index.ts'
import { upgradesOnlyAt } from './upgrades.ts'
import { answerWireErrors } from './wire-errors.ts'

/** Room for the longest URL that a route takes: a watch of 256 services with long names. */
export const HEADERS_MAX_BYTES = 65_536

export interface HttpServerOptions {
  readonly node: string
  readonly connectionsMax: number
  /**
   * A connection over which nothing moves for so long is cut off: its client has not taken what
   * it was sent. Longer than any answer waits.
   */
  readonly stuckAfterMs: number
  readonly fastPath: FastPath
  /** Takes the connections of other nodes; without it no request becomes anything else. */
  readonly peers?: PeerAcceptor | undefined
}

/** Makes a server that hands to `listener` what the fast path leaves. It does not listen yet. */
export function createHttpServer(options: HttpServerOptions, listener: RequestListener): Server {
  const { node, connectionsMax, stuckAfterMs, fastPath, peers } = options
  const server = createServer(
    {
      maxHeaderSize: HEADERS_MAX_BYTES,
      // Slow senders hold a connection no longer than this; waiting answers are not touched by it.
      headersTimeout: 15_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
      ...(peers && { IncomingMessage: upgradesOnlyAt(peers.path) }),
    },
    (request, response) => {
      if (!fastPath.answer(request, response)) listener(request, response)
    },
  )
  server.maxConnections = connectionsMax
  server.timeout = stuckAfterMs
  const [parse] = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    fastPath.serve(socket, () => {
      parse?.call(server, socket)
    })
  })
  const closeAll = server.closeAllConnections.bind(server)
  server.closeAllConnections = () => {
    // The server has not heard of those that it was not handed, and no more of those that it gave away.
    fastPath.cutOff()
    peers?.cutOff()
    closeAll()
  }
  if (peers) {
    server.on('upgrade', (request, socket, head) => {
      peers.accept(request, socket, head)
    })
  }
  server.on('timeout', (socket: Socket) => {
    if (!isWorkingLong(socket)) socket.destroy()
  })
  server.on('clientError', answerWireErrors(node))
  return server
}
