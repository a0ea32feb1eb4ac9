import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packValue, unpackValue } from './packed-value.ts'

const sizes = fc.oneof(fc.nat(40), fc.constantFrom(1_023, 1_024, 1_025, 4_000))
const values = sizes.chain((size) => fc.uint8Array({ minLength: size, maxLength: size }))

test('a value comes out as it went in, also where it was cut from something bigger', () => {
  fc.assert(
    fc.property(values, fc.nat(9), (value, before) => {
      const whole = new Uint8Array(before + value.length + 5)
      whole.set(value, before)
      const unpacked = unpackValue(packValue(whole.subarray(before, before + value.length)))
      expect(Buffer.compare(unpacked, value)).toBe(0)
    }),
    { numRuns: 200 },
  )
})

test('nothing is held on to that a value was cut from', () => {
  const packed = packValue(new Uint8Array(100_000).subarray(7, 2_007))
  expect(unpackValue(packed).buffer.byteLength).toBe(2_000)
  const own = new Uint8Array(2_000)
  expect(packValue(own)).toBe(own)
})
