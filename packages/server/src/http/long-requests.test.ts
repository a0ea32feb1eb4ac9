import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import {
  isLikeOthers,
  isUploadingLong,
  isWorkingLong,
  mayUploadLong,
  mayWorkLong,
} from './long-requests.ts'
import { answerWireErrors } from './wire-errors.ts'

/** A socket that says whether it was cut off. */
function connection() {
  const socket = new Socket()
  let isCut = false
  socket.end = ((_text: string, then: () => void) => {
    isCut = true
    then()
    return socket
  }) as Socket['end']
  Object.defineProperty(socket, 'writable', { value: true })
  return { request: { socket }, isCut: () => isCut }
}

const TIMEOUT = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
const GARBAGE = Object.assign(new Error('Parse error'), { code: 'HPE_INVALID_METHOD' })

test('only a long upload may take longer than other requests, and only as long as it arrives', () => {
  const answer = answerWireErrors('n1')
  const other = connection()
  answer(TIMEOUT, other.request.socket)
  expect(other.isCut()).toBe(true)

  const long = connection()
  mayUploadLong(long.request)
  answer(TIMEOUT, long.request.socket)
  expect(long.isCut()).toBe(false)
  expect(isWorkingLong(long.request.socket)).toBe(false)
  answer(GARBAGE, long.request.socket)
  expect(long.isCut()).toBe(true)
})

test('a connection may rest while its upload is worked on, and not before or after', () => {
  const { request } = connection()
  mayUploadLong(request)
  expect([isUploadingLong(request.socket), isWorkingLong(request.socket)]).toEqual([true, false])
  mayWorkLong(request)
  expect(isWorkingLong(request.socket)).toBe(true)
  isLikeOthers(request)
  expect([isUploadingLong(request.socket), isWorkingLong(request.socket)]).toEqual([false, false])
})
