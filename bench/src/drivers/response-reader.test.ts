import { expect, test } from 'vitest'
import { headerIn, ResponseReader } from './response-reader.ts'

function setUp() {
  const answers: { status: number; body: string; etag: string | undefined }[] = []
  const reader = new ResponseReader(({ status, head, body }) => {
    answers.push({ status, body: body.toString(), etag: headerIn(head, 'etag') })
  })
  return { answers, reader }
}

const OK = 'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 5\r\n\r\nhello'
const NO_CONTENT = 'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n'
const EXPECTED = [
  { status: 200, body: 'hello', etag: '"a"' },
  { status: 204, body: '', etag: undefined },
  { status: 200, body: 'hello', etag: '"a"' },
]

test('reads several answers of one chunk', () => {
  const { answers, reader } = setUp()
  reader.feed(Buffer.from(OK + NO_CONTENT + OK))
  expect(answers).toEqual(EXPECTED)
})

test.each([1, 7, 20])('reads answers in pieces of %i bytes, in a buffer used again', (size) => {
  const { answers, reader } = setUp()
  const bytes = Buffer.from(OK + NO_CONTENT + OK)
  const shared = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size) {
    reader.feed(shared.subarray(0, bytes.copy(shared, 0, at, at + size)))
  }
  expect(answers).toEqual(EXPECTED)
})

test('an answer whose end cannot be known is an error', () => {
  const { reader } = setUp()
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
  expect(() => {
    reader.feed(Buffer.from(chunked))
  }).toThrow('without a length')
})
