import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeAnswer } from './search-answer.ts'

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }))
const hit = fc.record({
  id: text,
  ns: text,
  type: text,
  properties: fc.dictionary(fc.oneof(text, fc.constantFrom('1', 'toJSON')), text),
  revision: fc.maxSafeNat(),
  matched: fc.array(text, { maxLength: 3 }),
})
const answer = fc.record({
  hits: fc.array(hit, { maxLength: 5 }),
  next: fc.option(text),
  tookMs: fc.nat(60_000_000).map((micros) => micros / 1_000),
  scanned: fc.maxSafeNat(),
})

test('an answer is written as JSON.stringify writes it', () => {
  fc.assert(
    fc.property(answer, (one) => {
      expect(String(encodeAnswer(one))).toBe(JSON.stringify(one))
    }),
  )
})
