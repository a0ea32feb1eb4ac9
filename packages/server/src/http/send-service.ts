/**
 * Sends the body of a service past the framework: thousands of readers may be waiting for
 * the same change, and each is owed no more than a few headers and shared bytes.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { HEADERS } from '@rollcall/protocol'
import { acceptsGzip } from './gzip.ts'
import type { ServiceBody } from './service-bodies.ts'
import { JSON_TYPE } from './json-type.ts'

export interface Reader {
  /** The id of this node. */
  readonly node: string
  readonly request: Pick<IncomingMessage, 'headers' | 'method'>
  readonly response: ServerResponse
}

/** Answers 200 with the body, compressed where the reader takes it so. */
export function sendService({ node, request, response }: Reader, body: ServiceBody): void {
  const gzipped = acceptsGzip(request) ? body.gzipped() : undefined
  response.writeHead(200, serviceHeaders(node, body, gzipped))
  response.end(request.method === 'HEAD' ? undefined : (gzipped ?? body.json))
}

/** The headers of such an answer, names and values in turn. */
export function serviceHeaders(
  node: string,
  body: ServiceBody,
  gzipped: Buffer | undefined,
): string[] {
  const headers = [HEADERS.node, node, 'content-type', JSON_TYPE]
  headers.push('etag', etagOf(body), HEADERS.token, body.token, 'vary', 'accept-encoding')
  if (gzipped) headers.push('content-encoding', 'gzip')
  headers.push('content-length', String((gzipped ?? body.json).length))
  return headers
}

/** The token is the version of what is sent; weakly, since it is the same for every encoding. */
export function etagOf({ token }: ServiceBody): string {
  return `W/"${token}"`
}
