import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { POLICY_ID, type Content } from '../record.ts'
import { CLIENT, type Origin } from '../stamp.ts'
import { encodeMessage, MessageDecoder } from './message-codec.ts'
import type { DirectMessage, PeerMessage, ShippedRecord } from './messages.ts'

/** As literals are, which have a prototype. */
const plain = <T>(parts: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(parts, { noNullPrototype: true })
const name = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9_:/-]{0,20}$/)
const number = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const wallMs = fc.nat({ max: 8_640_000_000_000_000 })
const ms = fc.oneof(fc.nat(), fc.double({ min: 0.001, max: 1e12, noNaN: true }))
const text = fc.string({ unit: 'binary' })
const lane = fc.nat({ max: 0xffff_ffff })
const lanes = fc.tuple(lane, lane)
// Few, so that a message has the same origin in several places.
const origin: fc.Arbitrary<Origin> = fc.oneof(
  fc.constant(CLIENT),
  plain({ node: fc.constantFrom('n1', 'n2'), inc: fc.nat(2) }),
)
const stamp = plain({ at: number, by: origin })
const status = fc.constantFrom('up', 'starting', 'out_of_service', 'down')
const vouching = { gen: stamp, ver: stamp, home: origin }
const life = fc.oneof(
  plain({
    ...vouching,
    cancelled: fc.constant(false),
    evicted: fc.constant(false),
    tombAtMs: fc.constant(0),
  }),
  plain({ ...vouching, cancelled: fc.boolean(), evicted: fc.boolean(), tombAtMs: wallMs }).filter(
    ({ cancelled, evicted }) => cancelled || evicted,
  ),
)
const unpatched = plain({
  gen: stamp,
  cver: stamp,
  registeredAtMs: wallMs,
  upSinceMs: wallMs,
  hostname: text,
  addresses: fc.array(text, { maxLength: 3 }),
  version: text,
  weight: fc.nat(),
  tags: fc.array(text, { maxLength: 3 }),
  metadata: fc.dictionary(text, text, { noNullPrototype: true }),
  status,
  ttlMs: fc.integer({ min: 9_000, max: 86_400_000 }),
})
// What an operator has patched keeps the version under which its client said it.
const content: fc.Arbitrary<Content> = fc
  .tuple(unpatched, fc.option(stamp))
  .map(([each, said]) => ({ ...each, said: said && said.at !== each.cver.at ? said : each.cver }))
const override = <V>(value: fc.Arbitrary<V>) => plain({ over: stamp, value: fc.option(value) })
// One of few services mostly, so that a message has several instances of one.
const place = fc.oneof(
  plain({
    env: fc.constant('default'),
    service: fc.constantFrom('a', 'b'),
    zone: fc.constant('z'),
  }),
  plain({ env: name, service: name, zone: name }),
)
const key = fc.tuple(place, name).map(([at, id]) => ({ ...at, id }))
const policyKey = place.map((at) => ({ ...at, id: POLICY_ID }))
const orphan = plain({
  hideInMs: fc.oneof(
    ms,
    ms.map((late) => -1 - late),
  ),
  hidden: fc.boolean(),
})
const policy = fc.constantFrom('protection_ended', 'protection_forbidden')
const shipped = fc.oneof(
  fc.record(
    {
      key,
      record: plain({
        life: fc.option(life),
        content: fc.option(content),
        override: fc.option(override(status)),
      }),
      orphan,
    },
    { requiredKeys: ['key', 'record'], noNullPrototype: true },
  ),
  plain({
    key: policyKey,
    record: plain({
      life: fc.constant(null),
      content: fc.constant(null),
      override: fc.option(override(policy)),
    }),
  }),
) as fc.Arbitrary<ShippedRecord>
const beats = fc.array(plain({ node: name, inc: number, counter: number, ageMs: ms }), {
  maxLength: 4,
})
const direct = fc.array(name, { maxLength: 4 })
const records = fc.array(shipped, { maxLength: 5 })
const buckets = fc.nat(14).map((power) => 2 ** power)
const someOf = (count: number) => fc.array(fc.nat(count - 1), { maxLength: Math.min(count, 5) })
const kind = <K extends DirectMessage['kind']>(k: K) => ({ kind: fc.constant(k) })

const message: fc.Arbitrary<DirectMessage> = fc.oneof(
  plain({
    ...kind('batch'),
    seq: number,
    inc: number,
    wallMs,
    beats,
    direct,
    root: lanes,
    records,
  }),
  plain({ ...kind('ack'), seq: number, inc: number, missing: fc.array(fc.nat(19_999)) }),
  plain({
    ...kind('forward'),
    seq: number,
    hops: fc.nat(2),
    renewals: fc.array(plain({ key, ageMs: ms })),
  }),
  plain({ ...kind('forward-ack'), seq: number }),
  plain({
    ...kind('digest'),
    sync: number,
    sums: fc.nat(5).chain((power) => {
      const length = 2 ** (power + 1)
      const some = fc.oneof(lane, fc.constant(0))
      return fc
        .array(some, { minLength: length, maxLength: length })
        .map((l) => Uint32Array.from(l))
    }),
    resting: fc.boolean(),
  }),
  buckets.chain((count) =>
    plain({
      ...kind('digest-answer'),
      booting: fc.boolean(),
      sync: number,
      buckets: fc.constant(count),
      differing: someOf(count),
      direct,
      beats,
    }),
  ),
  buckets.chain((count) =>
    plain({
      ...kind('buckets'),
      sync: number,
      page: number,
      buckets: fc.constant(count),
      wanted: someOf(count),
      held: fc.array(plain({ key, hash: lanes })),
      marks: fc.boolean(),
    }),
  ),
  plain({
    ...kind('buckets-answer'),
    sync: number,
    page: number,
    records,
    lacking: fc.array(fc.oneof(key, policyKey)),
    left: fc.array(fc.nat(16_383)),
  }),
)
const anyMessage: fc.Arbitrary<PeerMessage> = fc.oneof(
  { weight: 5, arbitrary: message },
  {
    weight: 1,
    arbitrary: plain({ kind: fc.constant('relay' as const), from: name, to: name, message }),
  },
)

test('what is written is read again the same', () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 3 }), (messages) => {
      const decoder = new MessageDecoder()
      for (const one of messages) expect(decoder.decode(encodeMessage(one))).toStrictEqual(one)
    }),
    { numRuns: 300 },
  )
})

test('equal origins become one object over all messages of a channel', () => {
  fc.assert(
    fc.property(fc.array(records, { minLength: 2, maxLength: 4 }), (batches) => {
      const decoder = new MessageDecoder()
      const met: Origin[] = []
      for (const batch of batches) {
        const decoded = decoder.decode(
          encodeMessage({
            kind: 'buckets-answer',
            sync: 1,
            page: 0,
            records: batch,
            lacking: [],
            left: [],
          }),
        )
        const read = decoded?.kind === 'buckets-answer' ? decoded.records : []
        expect(read).toHaveLength(batch.length)
        for (const { record } of read) {
          const { life, content, override } = record
          if (life) met.push(life.gen.by, life.ver.by, life.home)
          if (content) met.push(content.gen.by, content.cver.by, content.said.by)
          if (override) met.push(override.over.by)
        }
      }
      const distinct = new Set(met.map(({ node, inc }) => `${node} ${inc}`))
      expect(new Set(met).size).toBe(distinct.size)
    }),
  )
})

test('a message in which anything was replaced is read as a sound one or refused, never half', () => {
  const spot = fc.array(fc.nat(40), { minLength: 1, maxLength: 5 })
  const junk = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom({ toString: 1, valueOf: 1 }, ['up'], [0], '0', -1, 1.5, 1e300, '', null, {}),
    fc.constantFrom(0, 1, 2, 3, 20_000, 'a b', '../a', '__proto__', 'batch', 'relay', []),
  )
  fc.assert(
    fc.property(anyMessage, fc.array(fc.tuple(spot, junk), { maxLength: 3 }), (one, changes) => {
      const parts: unknown = JSON.parse(encodeMessage(one))
      for (const [path, value] of changes) replaceAt(parts, path, value)
      holdsSound(JSON.stringify(parts))
    }),
    { numRuns: 1_000 },
  )
})

test('a text that was cut or altered anywhere is read as a sound message or refused', () => {
  const cut = fc.tuple(fc.nat(), fc.nat(3), fc.string({ maxLength: 3 }))
  fc.assert(
    fc.property(anyMessage, cut, (one, [from, length, instead]) => {
      const whole = encodeMessage(one)
      const at = from % whole.length
      expect(new MessageDecoder().decode(whole.slice(0, at))).toBeUndefined()
      holdsSound(whole.slice(0, at) + instead + whole.slice(at + length))
    }),
    { numRuns: 500 },
  )
})

test('no text at all makes the reader throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (any) => {
      expect(new MessageDecoder().decode(any)).toBeUndefined()
    }),
  )
})

/** Whatever is taken must be something that we could have written ourselves. */
function holdsSound(text: string): void {
  const decoded = new MessageDecoder().decode(text)
  if (!decoded) return
  const again = encodeMessage(decoded)
  const decodedAgain = new MessageDecoder().decode(again)
  expect(decodedAgain && encodeMessage(decodedAgain)).toBe(again)
  assertWhole(decoded)
}

/** Looks at what types alone promise, in a way of its own. */
function assertWhole(value: unknown): void {
  if (Array.isArray(value)) value.forEach(assertWhole)
  else if (typeof value === 'object' && value !== null) {
    for (const [field, inner] of Object.entries(value)) {
      expect(inner).toBeDefined()
      if (/^(seq|inc|at|wallMs|counter|page|sync|tombAtMs|hops|buckets)$/.test(field)) {
        expect(Number.isSafeInteger(inner)).toBe(true)
      }
      if (/^(env|service|zone|from|to)$/.test(field)) expect(inner).toMatch(/^[A-Za-z0-9._:/-]+$/)
      if (/^(hidden|cancelled|evicted|resting|marks)$/.test(field))
        expect(inner).toBeTypeOf('boolean')
      if (field !== 'metadata') assertWhole(inner)
    }
  }
}

/** Puts a value somewhere into nested arrays, as deep as the path leads. */
function replaceAt(parts: unknown, path: readonly number[], value: unknown): void {
  if (!Array.isArray(parts) || parts.length === 0) return
  const [first = 0, ...rest] = path
  const at = first % parts.length
  const inner: unknown = parts[at]
  if (rest.length > 0 && Array.isArray(inner) && inner.length > 0) replaceAt(inner, rest, value)
  else parts[at] = structuredClone(value)
}
