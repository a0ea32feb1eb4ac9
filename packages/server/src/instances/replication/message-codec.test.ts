import { expect, test } from 'vitest'
import { BUCKETS } from '../digest.ts'
import { EMPTY_RECORD, POLICY_ID, type Content, type Life } from '../record.ts'
import { CLIENT, type Origin } from '../stamp.ts'
import { encodeMessage, MessageDecoder } from './message-codec.ts'
import { RECORDS_MAX } from './message-readers.ts'
import type { PeerMessage, ShippedRecord } from './messages.ts'
import { roughBytes } from './record-codec.ts'

const N1: Origin = { node: 'n1', inc: 7 }
const KEY = { env: 'default', service: 'web', zone: 'z1', id: 'a' }
const LIFE: Life = {
  gen: { at: 5, by: CLIENT },
  cancelled: false,
  ver: { at: 9, by: N1 },
  evicted: false,
  home: N1,
  tombAtMs: 0,
}
const CONTENT: Content = {
  gen: { at: 5, by: CLIENT },
  cver: { at: 9, by: N1 },
  said: { at: 9, by: N1 },
  registeredAtMs: 1,
  upSinceMs: 1,
  hostname: 'h',
  addresses: ['http://h:80'],
  version: '1',
  weight: 1,
  tags: ['t'],
  metadata: { a: 'b' },
  status: 'up',
  ttlMs: 90_000,
}

function answer(records: readonly ShippedRecord[], rest = {}): PeerMessage {
  return { kind: 'buckets-answer', sync: 1, page: 0, records, lacking: [], left: [], ...rest }
}

function many<T>(count: number, one: T): T[] {
  return Array.from({ length: count }, () => one)
}

function isSound(message: PeerMessage): boolean {
  return new MessageDecoder().decode(encodeMessage(message)) !== undefined
}

const holds = (record: Partial<ShippedRecord['record']>, key = KEY) =>
  isSound(answer([{ key, record: { ...EMPTY_RECORD, ...record } }]))

test('a life alone is small, and its place and origins are told once for all', () => {
  const claim = { key: KEY, record: { ...EMPTY_RECORD, life: LIFE } }
  const one = encodeMessage(answer([claim])).length
  const two = encodeMessage(answer([claim, claim])).length
  expect(two - one).toBeLessThan(40)
})

test('records are whole or partial, live or over, of instances or policies', () => {
  expect(holds({ life: LIFE, content: CONTENT })).toBe(true)
  expect(holds({ life: LIFE })).toBe(true)
  expect(holds({ content: CONTENT })).toBe(true)
  expect(holds({ override: { over: LIFE.ver, value: 'down' } })).toBe(true)
  expect(holds({ life: { ...LIFE, cancelled: true, tombAtMs: 3 } })).toBe(true)
  expect(holds({ life: { ...LIFE, evicted: true, tombAtMs: 3 }, content: CONTENT })).toBe(true)
  const policy = { ...KEY, id: POLICY_ID }
  expect(holds({ override: { over: LIFE.ver, value: 'protection_ended' } }, policy)).toBe(true)
})

test('what no node would write is refused', () => {
  const policy = { ...KEY, id: POLICY_ID }
  expect(holds({ life: { ...LIFE, tombAtMs: 3 } })).toBe(false)
  expect(holds({ life: { ...LIFE, cancelled: true, tombAtMs: 9e15 } })).toBe(false)
  expect(holds({ life: { ...LIFE, ver: { at: -1, by: N1 } } })).toBe(false)
  expect(holds({ life: { ...LIFE, ver: { at: 1.5, by: N1 } } })).toBe(false)
  expect(holds({ life: { ...LIFE, home: { node: '', inc: 1 } } })).toBe(false)
  expect(holds({ life: { ...LIFE, home: { node: 'a b', inc: 1 } } })).toBe(false)
  expect(holds({ content: { ...CONTENT, ttlMs: 1 } })).toBe(false)
  expect(holds({ content: { ...CONTENT, weight: Number.NaN } })).toBe(false)
  expect(holds({ content: { ...CONTENT, registeredAtMs: -1 } })).toBe(false)
  expect(holds({ override: { over: LIFE.ver, value: 'protection_ended' } })).toBe(false)
  expect(holds({ override: { over: LIFE.ver, value: 'up' } }, policy)).toBe(false)
  expect(holds({ life: LIFE, content: CONTENT }, policy)).toBe(false)
  for (const field of ['env', 'service', 'zone', 'id']) {
    expect(holds({ life: LIFE }, { ...KEY, [field]: '' })).toBe(false)
    expect(holds({ life: LIFE }, { ...KEY, [field]: '!other' })).toBe(false)
    expect(holds({ life: LIFE }, { ...KEY, [field]: 'x'.repeat(129) })).toBe(false)
  }
})

test('no list is longer than a bound', () => {
  const bare = { key: KEY, record: { ...EMPTY_RECORD, life: LIFE } }
  expect(isSound(answer(many(RECORDS_MAX, bare)))).toBe(true)
  expect(isSound(answer(many(RECORDS_MAX + 1, bare)))).toBe(false)
  expect(isSound(answer([], { lacking: many(RECORDS_MAX + 1, KEY) }))).toBe(false)
  expect(isSound({ kind: 'ack', seq: 1, inc: 1, missing: [RECORDS_MAX] })).toBe(false)
  expect(isSound({ kind: 'forward', seq: 1, hops: 3, renewals: [] })).toBe(false)
  const beats = many(2_001, { node: 'a', inc: 1, counter: 1, ageMs: 0 })
  const batch = { kind: 'batch', seq: 1, inc: 1, wallMs: 1, direct: [], records: [] } as const
  expect(isSound({ ...batch, root: [0, 0], beats })).toBe(false)
  expect(isSound({ ...batch, root: [0, 0], beats: beats.slice(1) })).toBe(true)
  expect(isSound({ ...batch, root: [0, 2 ** 32], beats: [] })).toBe(false)
})

test('buckets are as many as a power of two, and indexes are of them', () => {
  const digest = (lanes: number) =>
    isSound({ kind: 'digest', sync: 1, resting: false, sums: new Uint32Array(lanes).fill(1) })
  expect([2, 4, 128, 2 * BUCKETS].map(digest)).toEqual([true, true, true, true])
  expect([0, 1, 3, 6, 4 * BUCKETS].map(digest)).toEqual([false, false, false, false, false])
  const zeros = (lanes: number) =>
    isSound({ kind: 'digest', sync: 1, resting: false, sums: new Uint32Array(lanes) })
  expect([2, 2 * BUCKETS, 3, 4 * BUCKETS].map(zeros)).toEqual([true, true, false, false])
  const wants = (buckets: number, wanted: number[]) =>
    isSound({ kind: 'buckets', sync: 1, page: 0, buckets, wanted, held: [], marks: false })
  expect(wants(64, [0, 63])).toBe(true)
  expect(wants(64, [64])).toBe(false)
  expect(wants(63, [1])).toBe(false)
  expect(wants(0, [])).toBe(false)
})

test('the digest of a node with nothing is short', () => {
  const sums = new Uint32Array(2 * BUCKETS)
  const message = { kind: 'digest', sync: 1, resting: false, sums } as const
  expect(encodeMessage(message).length).toBeLessThan(50)
  sums[40] = 7
  expect(new MessageDecoder().decode(encodeMessage(message))).toEqual(message)
})

test('a relay carries a message, but no other relay', () => {
  const inner = { kind: 'forward-ack', seq: 1 } as const
  const relay = { kind: 'relay', from: 'a', to: 'b', message: inner } as const
  expect(isSound(relay)).toBe(true)
  expect(isSound({ ...relay, message: relay as unknown as typeof inner })).toBe(false)
  expect(isSound({ ...relay, to: 'not a name' })).toBe(false)
})

test.each([
  ['nothing', ''],
  ['a word', 'hello'],
  ['a number', '12'],
  ['an object', '{}'],
  ['an empty list', '[]'],
  ['a kind that is none', '[["toString",1],[],[]]'],
  ['a body without its lists', '[["forward-ack",1]]'],
  ['one part too many', '[["forward-ack",1,2],[],[]]'],
  ['lists that are none', '[["forward-ack",1],{},[]]'],
  ['an unsound origin that nothing names', '[["forward-ack",1],[],[["a",-1]]]'],
  ['an unsound place that nothing names', '[["forward-ack",1],[["a","b"]],[]]'],
  ['depth without end', '['.repeat(1_000_000)],
  ['depth with an end', '['.repeat(1_000_000) + ']'.repeat(1_000_000)],
])('%s is no message', (_, text) => {
  expect(new MessageDecoder().decode(text)).toBeUndefined()
})

test('origins without end are read right and remembered no longer than they fit', () => {
  const decoder = new MessageDecoder()
  const read = (inc: number) => {
    const life = { ...LIFE, home: { node: 'n9', inc } }
    const text = encodeMessage(answer([{ key: KEY, record: { ...EMPTY_RECORD, life } }]))
    const message = decoder.decode(text)
    return message?.kind === 'buckets-answer' ? message.records[0]?.record.life?.home : undefined
  }
  const first = read(1)
  expect(read(1)).toBe(first)
  for (let inc = 2; inc < 5_000; inc += 1) expect(read(inc)?.inc).toBe(inc)
  expect(read(1)).toEqual(first)
  expect(read(1)).not.toBe(first)
})

test('the rough size of a record is near what it takes', () => {
  const content = { ...CONTENT, metadata: { text: 'x'.repeat(4_000) }, tags: ['y'.repeat(128)] }
  for (const record of [
    { ...EMPTY_RECORD, life: LIFE, content },
    { ...EMPTY_RECORD, life: LIFE },
  ]) {
    const shipped = { key: KEY, record }
    const bytes = encodeMessage(answer([shipped])).length - encodeMessage(answer([])).length
    expect(roughBytes(shipped)).toBeGreaterThan(bytes * 0.9)
    expect(roughBytes(shipped)).toBeLessThan(bytes + 200)
  }
})
