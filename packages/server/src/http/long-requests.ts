/**
 * Requests that may take longer than all others: their bodies are large, and so is the work that
 * follows. The limits of the server hold for whole connections, so it asks here before it cuts
 * one off.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

const stages = new WeakMap<Socket, 'uploading' | 'working'>()

/** The body may arrive for as long as something does arrive. */
export function mayUploadLong({ socket }: Pick<IncomingMessage, 'socket'>): void {
  stages.set(socket, 'uploading')
}

/** The body is there, and the answer may take its time although nothing moves meanwhile. */
export function mayWorkLong({ socket }: Pick<IncomingMessage, 'socket'>): void {
  stages.set(socket, 'working')
}

/** The next request over this connection is one like any other. */
export function isLikeOthers({ socket }: Pick<IncomingMessage, 'socket'>): void {
  stages.delete(socket)
}

export function isUploadingLong(socket: Socket): boolean {
  return stages.has(socket)
}

export function isWorkingLong(socket: Socket): boolean {
  return stages.get(socket) === 'working'
}
