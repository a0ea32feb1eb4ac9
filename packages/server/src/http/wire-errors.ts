/**
 * Answers to what never became a request: garbage on the port, headers without end, clients
 * too slow to finish one. The parser hands over the bare socket, so the answer is text.
 *
 * @module
 */

import type { Socket } from 'node:net'
import { HEADERS, type RegistryError } from '@rollcall/protocol'
import { isUploadingLong } from './long-requests.ts'
import { PROBLEM_TYPE, problemOf, refusal } from './problem.ts'

const TOO_LARGE = refusal(
  'headers_too_large',
  'The request line and headers are larger than 64 KiB; send less.',
)
const TOO_SLOW = refusal('invalid_argument', 'The request was not complete in time.')
const GARBAGE = refusal('invalid_argument', 'This is not an HTTP/1.1 request.')

const TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT'

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  431: 'Request Header Fields Too Large',
}

/** Makes what answers a connection error of the HTTP server, in the name of `node`, and closes. */
export function answerWireErrors(
  node: string,
): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === TIMEOUT && isUploadingLong(socket)) return
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    // The client may go on sending; nobody reads it, and the close must not wait for it.
    socket.end(answerText(node, refusalOf(error)), () => {
      socket.destroy()
    })
  }
}

function refusalOf({ code }: NodeJS.ErrnoException): RegistryError {
  if (code === 'HPE_HEADER_OVERFLOW') return TOO_LARGE
  return code === TIMEOUT ? TOO_SLOW : GARBAGE
}

function answerText(node: string, refused: RegistryError): string {
  const problem = problemOf(refused)
  const body = JSON.stringify(problem)
  return [
    `HTTP/1.1 ${problem.status} ${REASONS[problem.status] ?? ''}`,
    `${HEADERS.node}: ${node}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
