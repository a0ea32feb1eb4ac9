import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeWide, type WideJson } from './wide-json.ts'

test('what holds no bigint is encoded as JSON.stringify does', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(encodeWide(value as WideJson)).toBe(JSON.stringify(value))
    }),
  )
})

test('what is undefined is left away', () => {
  expect(encodeWide({ a: undefined, b: 1, c: undefined })).toBe('{"b":1}')
})

test('a bigint keeps every digit, wherever it stands', () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  fc.assert(
    fc.property(int64, fc.string(), fc.jsonValue(), (digits, key, other) => {
      const text = encodeWide({ other: other as WideJson, list: [digits, { [key]: digits }] })
      const [, first, second] = /"list":\[(-?\d+),\{".*":(-?\d+)\}\]\}$/s.exec(text) ?? []
      expect([BigInt(first ?? ''), BigInt(second ?? '')]).toEqual([digits, digits])
      expect(() => JSON.parse(text) as unknown).not.toThrow()
    }),
  )
})
