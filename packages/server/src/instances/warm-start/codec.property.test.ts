import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StoredInstance } from '../load.ts'
import { POLICY_ID, type Content } from '../record.ts'
import { CLIENT, type Origin } from '../stamp.ts'
import { decodeHeader, encodeHeader, encodeInstance, InstanceDecoder } from './codec.ts'

const name = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9_:/-]{0,20}$/)
const number = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const text = fc.string({ unit: 'binary' })
// Few, so that a record has the same origin in several places.
const origin: fc.Arbitrary<Origin> = fc.oneof(
  fc.constant(CLIENT),
  fc.record({ node: fc.constantFrom('n1', 'n2'), inc: fc.nat(2) }),
)
const stamp = fc.record({ at: number, by: origin })
const status = fc.constantFrom('up', 'starting', 'out_of_service', 'down')
const life = fc.record({
  gen: stamp,
  cancelled: fc.constant(false),
  ver: stamp,
  evicted: fc.constant(false),
  home: origin,
  tombAtMs: fc.constant(0),
})
const unpatched = fc.record({
  gen: stamp,
  cver: stamp,
  registeredAtMs: fc.nat({ max: 8_640_000_000_000_000 }),
  upSinceMs: fc.nat({ max: 8_640_000_000_000_000 }),
  hostname: text,
  addresses: fc.array(text, { maxLength: 3 }),
  version: text,
  weight: fc.nat(),
  tags: fc.array(text, { maxLength: 3 }),
  metadata: fc.dictionary(text, text, { noNullPrototype: true }),
  status,
  ttlMs: fc.integer({ min: 9_000, max: 86_400_000 }),
})
// What an operator has patched keeps the version under which its client said it, which is another moment.
const content: fc.Arbitrary<Content> = fc
  .tuple(unpatched, fc.option(stamp))
  .map(([each, said]) => ({ ...each, said: said && said.at !== each.cver.at ? said : each.cver }))
const place = fc.record({ env: name, service: name, zone: name })
const instance: fc.Arbitrary<StoredInstance> = fc.record({
  key: fc.tuple(place, name).map(([at, id]) => ({ ...at, id })),
  record: fc.record({
    life,
    content,
    override: fc.option(
      fc.record({ over: stamp, value: fc.option(status) as fc.Arbitrary<'up' | null> }),
    ),
  }),
})
const policy: fc.Arbitrary<StoredInstance> = fc.record({
  key: place.map((at) => ({ ...at, id: POLICY_ID })),
  record: fc.record({
    life: fc.constant(null),
    content: fc.constant(null),
    override: fc.record({
      over: stamp,
      value: fc.constantFrom('protection_ended', 'protection_forbidden', null),
    }),
  }),
})

test('what is written is read again the same, in one line each', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(instance, policy), { maxLength: 8 }), (instances) => {
      const lines = instances.map(encodeInstance)
      const decoder = new InstanceDecoder()
      expect(
        lines
          .join('\n')
          .split('\n')
          .map((line) => line),
      ).toHaveLength(Math.max(1, lines.length))
      expect(lines.map((line) => decoder.decode(line))).toEqual(instances)
    }),
  )
})

test('equal origins become one object, and the latest of a node is known', () => {
  fc.assert(
    fc.property(fc.array(instance, { minLength: 1, maxLength: 8 }), (instances) => {
      const decoder = new InstanceDecoder()
      const homes = instances.map(
        (one) => decoder.decode(encodeInstance(one))?.record.life?.home ?? CLIENT,
      )
      const distinct = new Set(homes.map(({ node, inc }) => `${node} ${inc}`))
      expect(new Set(homes).size).toBe(distinct.size)
      const met = instances.flatMap(({ record: { life: l, content: c, override: o } }) => [
        ...(l ? [l.gen.by, l.ver.by, l.home] : []),
        ...(c ? [c.gen.by, c.cver.by, c.said.by] : []),
        ...(o ? [o.over.by] : []),
      ])
      const last = Math.max(0, ...met.filter(({ node }) => node === 'n1').map(({ inc }) => inc))
      expect(decoder.lastIncarnationOf('n1')).toBe(last)
    }),
  )
})

test('a line in which anything was replaced is read as a sound instance or refused, never half', () => {
  const spot = fc.array(fc.nat(13), { minLength: 1, maxLength: 3 })
  const junk = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom({ toString: 1, valueOf: 1 }, ['up'], [0], '0', -1, 1.5, 1e300, '', null, {}),
  )
  fc.assert(
    fc.property(fc.oneof(instance, policy), spot, junk, (one, path, value) => {
      const parts: unknown = JSON.parse(encodeInstance(one))
      replaceAt(parts, path, value)
      const decoded = new InstanceDecoder().decode(JSON.stringify(parts))
      if (!decoded) return
      // Whatever was taken must be something that we could have written ourselves.
      expect(new InstanceDecoder().decode(encodeInstance(decoded))).toEqual(decoded)
      expect(typeof decoded.key.id).toBe('string')
      expect(decoded.record.content?.addresses.every((a) => typeof a === 'string') ?? true).toBe(
        true,
      )
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  ['text', 'hello'],
  ['a number', '12'],
  ['an object', '{}'],
  ['an array that is too short', '["default","web","z1","a"]'],
  ['nothing', ''],
])('%s is no instance', (_, line) => {
  expect(new InstanceDecoder().decode(line)).toBeUndefined()
})

test('a line that lists something else among its origins is no instance, even where nothing names it', () => {
  const [one] = fc.sample(instance, 1)
  const parts = JSON.parse(one ? encodeInstance(one) : '') as unknown[][]
  const decode = (extra: unknown) =>
    new InstanceDecoder().decode(JSON.stringify(parts.with(7, [...(parts[7] ?? []), extra])))
  expect(decode(['n3', 5])).toEqual(one)
  for (const extra of [['n3', '5'], ['n3', -1], [3, 5], ['n3'], 'n3', null]) {
    expect(decode(extra)).toBeUndefined()
  }
})

test('only a header of this format and version is one', () => {
  const header = { node: 'n1', writtenAt: 1, clock: 2 }
  const line = encodeHeader(header)
  expect(decodeHeader(line)).toEqual(header)
  expect(decodeHeader(line.replace('"version":1', '"version":2'))).toBeUndefined()
  expect(decodeHeader(line.replace('rollcall-instances', 'other'))).toBeUndefined()
  expect(decodeHeader(line.replace('"clock":2', '"clock":-2'))).toBeUndefined()
  expect(decodeHeader(line.replace('"n1"', '7'))).toBeUndefined()
  expect(decodeHeader('null')).toBeUndefined()
  expect(decodeHeader(line.slice(1))).toBeUndefined()
})

/** Puts a value somewhere into nested arrays, as deep as the path leads. */
function replaceAt(parts: unknown, path: readonly number[], value: unknown): void {
  if (!Array.isArray(parts) || parts.length === 0) return
  const [first = 0, ...rest] = path
  const at = first % parts.length
  const inner: unknown = parts[at]
  if (rest.length > 0 && Array.isArray(inner) && inner.length > 0) replaceAt(inner, rest, value)
  else parts[at] = value
}
