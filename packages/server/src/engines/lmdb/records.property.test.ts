import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Change } from '../../catalog/engine.ts'
import { compareKeys } from '../../catalog/key-order.ts'
import {
  bytesSoFar,
  decodeBatch,
  decodeEntry,
  encodeBatch,
  encodeEntry,
  endOf,
  entryKey,
  idOfLease,
  keyOfEntry,
  keyOfLeased,
  leasedKey,
  leaseKey,
  numberKey,
  readNumber,
} from './records.ts'

const number = fc.maxSafeNat()
const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
const value = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))
const generation = fc.nat(2 ** 31)
const entry = fc.record({
  key,
  value,
  createRevision: number.map((drawn) => Math.max(1, drawn)),
  modRevision: number.map((drawn) => Math.max(1, drawn)),
  lease: number,
})

test('numbers up to 2^53 come back, and their keys are ordered as they are', () => {
  fc.assert(
    fc.property(number, number, (left, right) => {
      expect(readNumber(numberKey(left), 0)).toBe(left)
      expect(Math.sign(Buffer.compare(numberKey(left), numberKey(right)))).toBe(
        Math.sign(left - right),
      )
    }),
  )
})

test('keys come back, and lie in their order within their generation', () => {
  fc.assert(
    fc.property(generation, key, key, (number, left, right) => {
      expect(keyOfEntry(entryKey(number, left))).toBe(left)
      const order = Buffer.compare(entryKey(number, left), entryKey(number, right))
      expect(Math.sign(order)).toBe(Math.sign(compareKeys(left, right)))
      expect(Buffer.compare(entryKey(number, left), endOf(entryKey(number, '')))).toBe(-1)
      expect(Buffer.compare(entryKey(number, left), entryKey(number + 1, ''))).toBe(-1)
    }),
  )
})

test('the end of a prefix is after all that begin with it, and before what follows', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 4 }), fc.uint8Array(), (start, rest) => {
      fc.pre(start.some((byte) => byte < 0xff))
      const prefix = Buffer.from(start)
      const end = endOf(prefix)
      expect(Buffer.compare(Buffer.concat([prefix, rest]), end)).toBe(-1)
      expect(Buffer.compare(prefix, end)).toBe(-1)
    }),
  )
})

test('a lease and its keys come back', () => {
  fc.assert(
    fc.property(generation, number, key, (number, lease, text) => {
      expect(idOfLease(leaseKey(number, lease))).toBe(lease)
      const bytes = leasedKey(number, lease, text)
      expect(keyOfLeased(bytes)).toBe(text)
      expect(Buffer.compare(bytes, endOf(leaseKey(number, lease)))).toBe(-1)
    }),
  )
})

test('entries come back', () => {
  fc.assert(
    fc.property(entry, (drawn) => {
      expect(decodeEntry(drawn.key, encodeEntry(drawn), 7)).toEqual(drawn)
    }),
  )
})

test('entries of a restore have the revision at which their generation began', () => {
  const bytes = encodeEntry({
    value: Buffer.from('x'),
    createRevision: 0,
    modRevision: 0,
    lease: 0,
  })
  expect(decodeEntry('k', bytes, 7)).toMatchObject({ createRevision: 7, modRevision: 7 })
})

test('a revision of the log comes back, with the bytes that were logged so far', () => {
  const put = entry.map((drawn): Change => ({ kind: 'put', entry: drawn }))
  const change = fc.oneof(
    put,
    key.map((drawn): Change => ({ kind: 'delete', key: drawn })),
  )
  fc.assert(
    fc.property(fc.array(change, { maxLength: 10 }), number, (changes, revision) => {
      const logged = encodeBatch(changes, 1_000)
      const expected = changes.map((one) =>
        one.kind === 'put' ? { ...one, entry: { ...one.entry, modRevision: revision } } : one,
      )
      expect(decodeBatch(revision, logged)).toEqual({ revision, changes: expected })
      expect(bytesSoFar(logged)).toBe(1_000 + logged.length)
    }),
  )
})
