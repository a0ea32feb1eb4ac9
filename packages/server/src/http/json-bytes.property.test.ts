import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JsonBytes } from './json-bytes.ts'

/** Plain ones, ones that need escapes, ones that are no text at all; and some that are long. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme-ascii' }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', '\\', '\u007f', '\u0080', '\ud800', '\udc00\ud800', 'é😀', '\0', '\n'),
  fc.nat(200_000).map((length) => '\u0001a'.repeat(length)),
)

test('texts are written as JSON.stringify writes them, in one answer after the other', () => {
  const json = new JsonBytes()
  json.text('never taken')
  fc.assert(
    fc.property(fc.array(fc.array(text, { maxLength: 5 }), { maxLength: 4 }), (answers) => {
      const taken = answers.map((texts) => {
        json.begin()
        json.raw('[')
        for (const [at, one] of texts.entries()) {
          if (at > 0) json.raw(',')
          json.text(one)
        }
        json.raw(']')
        return json.take()
      })
      // What was taken stays as it is, whatever is written after.
      expect(taken.map(String)).toEqual(answers.map((texts) => JSON.stringify(texts)))
    }),
  )
})
