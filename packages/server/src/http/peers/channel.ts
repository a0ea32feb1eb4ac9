/**
 * One WebSocket between two nodes, from either end: texts, signs of life, and one end to it all
 * that says why.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import { WebSocket } from 'ws'
import {
  CLOSE_WITHIN_MS,
  HANDSHAKE_WITHIN_MS,
  PING_EVERY_MS,
  SILENT_TURNS_MAX,
} from './constants.ts'
import { closeCode, refusalOf, type PeerRefusal } from './refusals.ts'

/** How a channel ended. `told`: the other end refused us, and not we it. */
export type ChannelEnd =
  | { readonly kind: 'broken' }
  | { readonly kind: 'refused'; readonly reason: PeerRefusal; readonly told: boolean }

export interface ChannelEvents {
  /** A text came in. Never after the channel was refused or closed. */
  said(text: string): void
  /** Once, when nothing is left of it. */
  ended(end: ChannelEnd): void
}

const BROKEN: ChannelEnd = { kind: 'broken' }
/** The code of a close for no particular reason. */
const GOING_AWAY = 1_001

export class Channel {
  readonly #socket: WebSocket
  readonly #clock: Pick<Clock, 'after'>
  #end: ChannelEnd | undefined
  #cancelTimer: () => void
  #wasHeard = false
  #silentTurns = 0

  /** Takes a socket over. Until `opened` is called, the handshake has only so much time. */
  constructor(socket: WebSocket, clock: Pick<Clock, 'after'>, events: ChannelEvents) {
    this.#socket = socket
    this.#clock = clock
    this.#cancelTimer = clock.after(HANDSHAKE_WITHIN_MS, () => {
      if (socket.readyState === WebSocket.CONNECTING) this.cutOff()
      else this.refuse('silent')
    })
    socket.on('message', (data, isBinary) => {
      this.#wasHeard = true
      if (this.#end) return
      if (isBinary) this.refuse('garbage')
      else events.said((data as Buffer).toString())
    })
    const onSign = () => {
      this.#wasHeard = true
    }
    socket.on('ping', onSign).on('pong', onSign)
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#end ??= endOf(error)
    })
    socket.on('close', (code) => {
      this.#cancelTimer()
      const told = refusalOf(code)
      this.#end ??= told ? { kind: 'refused', reason: told, told: true } : BROKEN
      events.ended(this.#end)
    })
  }

  /** The other end is a peer: from now on silence is what counts. */
  opened(): void {
    this.#cancelTimer()
    this.#awaitTurn()
  }

  /** Bytes that were said and have not left this machine's memory. */
  get waitingBytes(): number {
    return this.#socket.bufferedAmount
  }

  say(text: string): void {
    if (!this.#end) this.#socket.send(text)
  }

  /** Ends it and tells the other end why; at once where that does not stop. */
  refuse(reason: PeerRefusal): void {
    if (this.#end) {
      this.cutOff()
      return
    }
    this.#end = { kind: 'refused', reason, told: false }
    this.#socket.close(closeCode(reason), reason)
    this.#awaitClose()
  }

  /** Ends it once what was said is out, or a second later. */
  close(): void {
    if (this.#end) return
    this.#end = BROKEN
    this.#socket.close(GOING_AWAY)
    this.#awaitClose()
  }

  /** Ends it at once. */
  cutOff(): void {
    this.#end ??= BROKEN
    this.#socket.terminate()
  }

  #awaitClose(): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#clock.after(CLOSE_WITHIN_MS, () => {
      this.cutOff()
    })
  }

  #awaitTurn(): void {
    this.#cancelTimer = this.#clock.after(PING_EVERY_MS, () => {
      this.#silentTurns = this.#wasHeard ? 0 : this.#silentTurns + 1
      this.#wasHeard = false
      if (this.#silentTurns === SILENT_TURNS_MAX) {
        this.cutOff()
        return
      }
      this.#socket.ping()
      this.#awaitTurn()
    })
  }
}

/** What the WebSocket found wrong with what came in; anything else is a link that broke. */
function endOf({ code = '' }: NodeJS.ErrnoException): ChannelEnd {
  if (TOO_BIG.has(code)) return { kind: 'refused', reason: 'too_big', told: false }
  if (code.startsWith('WS_ERR_')) return { kind: 'refused', reason: 'garbage', told: false }
  return BROKEN
}

const TOO_BIG: ReadonlySet<string> = new Set([
  'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
  'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
  'WS_ERR_TOO_MANY_BUFFERED_PARTS',
])
