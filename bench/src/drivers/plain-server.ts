/**
 * Driver: a bare HTTP server of Node that answers every request with the same bytes. It shows
 * how fast any server on Node can be here.
 *
 * @module
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { input, listen, report } from './conversation.ts'

const { bytes } = input() as { readonly bytes: number }
const body = Buffer.alloc(bytes, 'x')
const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes }

listen()
const server = createServer((_, response) => {
  response.writeHead(200, headers).end(body)
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  report('listening', { url: `http://127.0.0.1:${port}` })
})
