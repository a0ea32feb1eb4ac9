import { expect, test } from 'vitest'
import { eachMark, markedOf, markOf, MarkScanner } from './marks.ts'

const eventOf = (number: number) =>
  `event: change\ndata: {"upserted":[{"id":"i","metadata":${JSON.stringify(markOf(number))}}]}\n\n`

test('finds the marks of a body, in order', () => {
  const found: number[] = []
  eachMark(Buffer.from(eventOf(7) + eventOf(123_456)), (number) => found.push(number))
  expect(found).toEqual([7, 123_456])
})

test('marks a registration', () => {
  const marked = markedOf('{"metadata":{"region":"x"},"ttlMs":9000}', 42)
  expect(JSON.parse(marked)).toEqual({ metadata: { seq: '000042', region: 'x' }, ttlMs: 9_000 })
  const found: number[] = []
  eachMark(Buffer.from(marked), (number) => found.push(number))
  expect(found).toEqual([42])
})

test('passes over what only looks like a mark', () => {
  const found: number[] = []
  eachMark(Buffer.from('{"seq":"12"} "seq":"000009" "seq":"00000'), (number) => found.push(number))
  expect(found).toEqual([9])
})

test.each([1, 2, 3, 7, 13, 64])('finds each mark once in chunks of %i bytes', (size) => {
  const bytes = Buffer.from([0, 1, 2, 3].map(eventOf).join('\r\n19a\r\n'))
  const found: number[] = []
  const scanner = new MarkScanner()
  const shared = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size) {
    const copied = bytes.copy(shared, 0, at, at + size)
    scanner.feed(shared.subarray(0, copied), (number) => found.push(number))
  }
  expect(found).toEqual([0, 1, 2, 3])
})

test('finds marks of another form', () => {
  const found: number[] = []
  const form = { prefix: Buffer.from('"key":"a/'), digits: 3 }
  const scanner = new MarkScanner(form)
  for (const part of ['{"key":"a/0', '42","seq":"000001"', '},{"key":"a/043"}']) {
    scanner.feed(Buffer.from(part), (number) => found.push(number))
  }
  expect(found).toEqual([42, 43])
})
