/**
 * Reads the head of the plainest of requests, for `fast-path.ts`. Not a parser of HTTP: what
 * is in the least unusual is not understood, and left to one.
 *
 * @module
 */

import type { IncomingHttpHeaders } from 'node:http'
import { HEADERS } from '@rollcall/protocol'

export interface PlainLine {
  readonly method: string
  readonly url: string
}

const END = '\r\n\r\n'
/** Visible characters and spaces: no tabs, no line breaks of other kinds. */
const VISIBLE = /^[ -~]*$/
/** The same without spaces. */
const URL_CHARACTERS = /^[!-~]*$/
const VERSION = ' HTTP/1.1'
/** Headers that change nothing here, or that the caller looks at. */
const KNOWN: ReadonlySet<string> = new Set([
  'host',
  'user-agent',
  'accept',
  'accept-encoding',
  'accept-language',
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'sec-fetch-mode',
  HEADERS.idempotencyKey,
])

/** Understands the first line of a request in HTTP/1.1, without its end. */
export function parsePlainLine(line: string): PlainLine | undefined {
  const urlAt = line.indexOf(' ') + 1
  const urlEnd = line.length - VERSION.length
  if (urlAt === 0 || urlEnd < urlAt || !line.endsWith(VERSION)) return undefined
  const url = line.slice(urlAt, urlEnd)
  if (!URL_CHARACTERS.test(url)) return undefined
  return { method: line.slice(0, urlAt - 1), url }
}

/** Understands what follows the first line up to the end of the head, of headers that we know, each once. */
export function parsePlainHeaders(text: string): IncomingHttpHeaders | undefined {
  if (text.indexOf(END) !== text.length - END.length) return undefined
  const headers: Record<string, string> = {}
  for (const line of text.slice(0, -END.length).split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase()
    if (!KNOWN.has(name) || Object.hasOwn(headers, name) || !VISIBLE.test(line)) return undefined
    headers[name] = line.slice(colon + 1).trim()
  }
  const { host, connection = 'keep-alive' } = headers
  if (host === undefined || connection.toLowerCase() !== 'keep-alive') return undefined
  return headers
}
