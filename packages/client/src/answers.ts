/**
 * What an answer must look like to be one of a registry.
 *
 * @module
 */

import type { Dispatcher } from 'undici'
import { RegistryError } from '@rollcall/protocol'
import { errorOf } from './problems.ts'
import type { Server } from './servers.ts'

/** The type of values, both ways. */
export const BYTES_TYPE = 'application/octet-stream'
const NO_BYTES = new Uint8Array()

/** An answer that was read to its end, with a status below 400. */
export interface Answer {
  readonly status: number
  /** Parsed JSON; undefined where there was none. */
  readonly body: unknown
  /** What was sent, where bytes were expected; else empty. */
  readonly bytes: Uint8Array
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined
}

export interface Received {
  readonly server: Server
  readonly response: Dispatcher.ResponseData
  readonly bytes: Buffer
}

/** Reads an answer. Throws the refusal that it is, and `internal` for what no registry says. */
export function answerOf(
  { server, response, bytes }: Received,
  expects: 'json' | 'bytes' = 'json',
): Answer {
  const { statusCode: status, headers } = response
  const header = (name: string) => {
    const value = headers[name]
    return typeof value === 'string' ? value : value?.[0]
  }
  if (status < 400 && expects === 'bytes') {
    const type = header('content-type') ?? ''
    // A page of some proxy is not what was kept under the key.
    if (type !== BYTES_TYPE && status === 200) throw notAsked(server, `${status} ${type}`)
    return { status, body: undefined, bytes, header }
  }
  const text = bytes.toString()
  const body = parse(text)
  if (status >= 400) throw errorOf({ status, body, server: server.url })
  if (text !== '' && body === undefined) throw notAsked(server, `${status} without JSON`)
  return { status, body, bytes: NO_BYTES, header }
}

/** The failure of a server that answers something else. */
export function notAsked(server: Server, what: string): RegistryError {
  const message = `${server.url} answered ${what}, which was not asked for; is it a registry?`
  return new RegistryError('internal', message, { details: { server: server.url } })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
