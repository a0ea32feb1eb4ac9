/**
 * Connections that have not yet asked for anything but what `fast-path.ts` knows. Each is
 * answered request by request, and handed to the HTTP server with the first bytes that are
 * something else.
 *
 * @module
 */

import type { Socket } from 'node:net'
import { KEEP_ALIVE_MS } from './closing-lines.ts'

/** What goes over the wire: bytes, or text in which each character is one. A promise of one never rejects. */
export type FastAnswer = Buffer | string | Promise<Buffer | string>

/** Answers a chunk that is exactly one request that it knows; undefined of any other. */
export type AnswerTo = (chunk: Buffer) => FastAnswer | undefined

/** A connection that has said nothing yet. */
const SILENCE_MAX_MS = 15_000

interface Served {
  /** It was answered, and may rest for longer from then on. */
  hasAsked: boolean
  /** An answer is on its way; what comes meanwhile waits for it. */
  isBusy: boolean
  /** It ends with the answer that is on its way. */
  isLast: boolean
}

export class FastConnections {
  readonly #answerTo: AnswerTo
  readonly #served = new Map<Socket, Served>()

  constructor(answerTo: AnswerTo) {
    this.#answerTo = answerTo
  }

  /** Serves a new connection for as long as it asks for nothing else. */
  serve(socket: Socket, handOver: (socket: Socket) => void): void {
    const served: Served = { hasAsked: false, isBusy: false, isLast: false }
    const leave = () => {
      this.#served.delete(socket)
      socket.off('data', onData).off('timeout', cut).off('end', onEnd).off('error', cut)
      socket.off('close', leave).setTimeout(0)
    }
    const onEnd = () => {
      endSoon(socket, served)
    }
    const cut = () => {
      socket.destroy()
    }
    const onData = (chunk: Buffer) => {
      if (served.isBusy) {
        socket.pause().unshift(chunk)
        return
      }
      const answer = this.#answerTo(chunk)
      if (answer === undefined) {
        leave()
        socket.pause().unshift(chunk)
        handOver(socket)
        socket.resume()
        return
      }
      // Traffic puts it off by itself; to set it costs a timer.
      if (!served.hasAsked) socket.setTimeout(KEEP_ALIVE_MS)
      served.hasAsked = true
      if (answer instanceof Promise) void sendLater(socket, served, answer)
      else send(socket, answer)
    }
    this.#served.set(socket, served)
    socket.setTimeout(SILENCE_MAX_MS)
    socket.on('data', onData).on('timeout', cut).on('end', onEnd).on('error', cut)
    socket.on('close', leave)
  }

  /** Ends the connections that are still here, once they have taken their answers. */
  close(): void {
    for (const [socket, served] of this.#served) endSoon(socket, served)
  }

  /** Ends them at once. */
  cutOff(): void {
    for (const socket of this.#served.keys()) socket.destroy()
  }
}

/** What was answered goes out first, but only as long as the client takes it. */
function endSoon(socket: Socket, served: Served): void {
  served.isLast = true
  if (!served.isBusy) socket.destroySoon()
}

async function sendLater(
  socket: Socket,
  served: Served,
  answer: Promise<Buffer | string>,
): Promise<void> {
  served.isBusy = true
  const bytes = await answer
  served.isBusy = false
  if (socket.destroyed) return
  send(socket, bytes)
  if (served.isLast) socket.destroySoon()
  else if (socket.isPaused() && !socket.writableNeedDrain) socket.resume()
}

/** A client that does not take its answers is not listened to. */
function send(socket: Socket, bytes: Buffer | string): void {
  if (typeof bytes === 'string' ? socket.write(bytes, 'latin1') : socket.write(bytes)) return
  socket.pause().once('drain', () => socket.resume())
}
