import { expect, test } from 'vitest'
import {
  encode,
  fieldsOf,
  grpcFrame,
  grpcMessages,
  isLeader,
  leaseGrant,
  leaseKeepAlive,
  put,
  putsOf,
  revisionOf,
  serializableRange,
  watchFrom,
} from './grpc-frame.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('a put is its key and value behind their tags', () => {
  // 0a = field 1, length-delimited; 12 = field 2.
  expect(hex(encode(put('k', 'vv')))).toBe('0a016b12027676')
})

test('a watch is a request to create one', () => {
  expect(hex(encode(watchFrom('a', 'b')))).toBe('0a060a0161120162')
})

test('a range reads from the node itself: field 7 is set', () => {
  expect(hex(encode(serializableRange('a', 'b')))).toBe('0a01611201623801')
  expect(hex(encode(serializableRange('a')))).toBe('0a01613801')
})

test('a member leads whose own id is that of the leader', () => {
  const statusOf = (own: number, leader: number) => encode({ 1: encode({ 2: own }), 4: leader })
  expect(isLeader(statusOf(7, 7))).toBe(true)
  expect(isLeader(statusOf(7, 8))).toBe(false)
  // etcd leaves a zero out: nobody leads.
  expect(isLeader(encode({ 1: encode({ 2: 7 }) }))).toBe(false)
})

test('puts are the versions of keys that have a part in their name', () => {
  const keyOf = (key: string, version: number) => encode({ 2: encode({ 1: key, 4: version }) })
  const answer = Buffer.concat([keyOf('a/k/1', 3), keyOf('a/lane', 50), keyOf('a/k/2', 4)])
  expect(putsOf(answer, '/k/')).toBe(7)
})

test('a lease may be asked for by id, and is kept alive by it', () => {
  expect(hex(encode(leaseGrant(90, 7)))).toBe('085a1007')
  expect(hex(encode(leaseKeepAlive(7)))).toBe('0807')
})

test('numbers are varints of seven bits, least first', () => {
  expect(hex(encode(leaseGrant(90)))).toBe('085a')
  expect(hex(encode(leaseGrant(300)))).toBe('08ac02')
  const large = 2 ** 40 + 5
  expect(fieldsOf(encode({ 1: large })).get(1)).toBe(large)
})

test('a frame is a zero, the length in four bytes, and the message', () => {
  const frame = grpcFrame(put('k', 'x'.repeat(300)))
  expect(hex(frame.subarray(0, 5))).toBe('0000000132')
  expect(frame).toHaveLength(5 + 0x132)
})

test('frames come apart again, and a torn one is told', () => {
  const both = Buffer.concat([grpcFrame({ 1: 'a' }), grpcFrame({ 1: 'b' })])
  expect(grpcMessages(both).map((bytes) => String(fieldsOf(bytes).get(1)))).toEqual(['a', 'b'])
  expect(() => grpcMessages(both.subarray(0, -1))).toThrow('cut short')
})

test('reads the revision from the header of an answer', () => {
  const answer = encode({ 1: encode({ 1: 7, 2: 8, 3: 12_345, 4: 2 }), 4: 10 })
  expect(revisionOf(answer)).toBe(12_345)
  expect(() => revisionOf(encode({ 4: 10 }))).toThrow('no revision')
})
