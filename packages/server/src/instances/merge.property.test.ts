import fc from 'fast-check'
import { expect, test } from 'vitest'
import { merge } from './merge.ts'
import { isLive, type Content, type InstanceRecord, type Life, type Override } from './record.ts'
import { compareStamps, type Stamp } from './stamp.ts'

// Few values, so that ties of every depth are common.
const origin = fc.record({ node: fc.constantFrom('a', 'b'), inc: fc.integer({ min: 1, max: 2 }) })
const stamp: fc.Arbitrary<Stamp> = fc.record({ at: fc.integer({ min: 1, max: 3 }), by: origin })
const text = ({ at, by }: Stamp) => `${at}/${by.node}/${by.inc}`

// What follows from a stamp: two writes with one stamp are one write, in nature as here.
const life: fc.Arbitrary<Life> = fc
  .record({ gen: stamp, cancelled: fc.boolean(), ver: stamp, evicted: fc.boolean() })
  .map((parts) => ({
    ...parts,
    home: parts.ver.by,
    tombAtMs: parts.cancelled || parts.evicted ? 1_000 + parts.ver.at : 0,
  }))
const content: fc.Arbitrary<Content> = fc.record({ gen: stamp, cver: stamp }).map((parts) => ({
  ...parts,
  said: parts.cver,
  hostname: `h ${text(parts.gen)} ${text(parts.cver)}`,
  addresses: [],
  version: '',
  weight: 1,
  tags: [],
  metadata: {},
  status: 'up' as const,
  ttlMs: 90_000,
  registeredAtMs: 1,
  upSinceMs: 1,
}))
const override: fc.Arbitrary<Override> = stamp.map((over) => ({
  over,
  value: over.at % 2 === 0 ? null : 'down',
}))
const nullable = <T>(part: fc.Arbitrary<T>) => fc.option(part, { freq: 4, nil: null })
const record: fc.Arbitrary<InstanceRecord> = fc.record({
  life: nullable(life),
  content: nullable(content),
  override: nullable(override),
})

test('merge is commutative', () => {
  fc.assert(
    fc.property(record, record, (left, right) => {
      expect(merge(left, right)).toEqual(merge(right, left))
    }),
    { numRuns: 1_000 },
  )
})

test('merge is associative', () => {
  fc.assert(
    fc.property(record, record, record, (one, two, three) => {
      expect(merge(merge(one, two), three)).toEqual(merge(one, merge(two, three)))
    }),
    { numRuns: 1_000 },
  )
})

test('merge is idempotent, and answers the very record where nothing is newer', () => {
  fc.assert(
    fc.property(record, record, (left, right) => {
      const both = merge(left, right)
      expect(merge(both, left)).toBe(both)
      expect(merge(both, right)).toBe(both)
      expect(merge(left, structuredClone(left))).toBe(left)
    }),
  )
})

test('each part is merged as if the others were not there', () => {
  fc.assert(
    fc.property(record, record, (left, right) => {
      const both = merge(left, right)
      const none = { life: null, content: null, override: null }
      const only = (part: keyof InstanceRecord) =>
        merge({ ...none, [part]: left[part] }, { ...none, [part]: right[part] })[part]
      expect(both).toEqual({
        life: only('life'),
        content: only('content'),
        override: only('override'),
      })
    }),
  )
})

test('a cancel absorbs everything of its generation and of those before, however late', () => {
  fc.assert(
    fc.property(record, fc.array(record, { maxLength: 6 }), stamp, (one, others, gen) => {
      const tomb: Life = {
        gen,
        cancelled: true,
        ver: { at: 1, by: gen.by },
        evicted: false,
        home: gen.by,
        tombAtMs: 1,
      }
      const late = others.filter((each) => !each.life || compareStamps(each.life.gen, gen) <= 0)
      const cancelled = merge(one, { life: tomb, content: null, override: null })
      if (one.life && compareStamps(one.life.gen, gen) > 0) return
      expect(isLive(late.reduce(merge, cancelled))).toBe(false)
    }),
  )
})

test('an eviction beats the version that it marks and loses to any later sign of life', () => {
  fc.assert(
    fc.property(life, stamp, (one, ver) => {
      const none = { content: null, override: null }
      const live: Life = { ...one, cancelled: false, evicted: false }
      const evicted = { life: { ...live, evicted: true, tombAtMs: 5 }, ...none }
      expect(merge({ life: live, ...none }, evicted).life?.evicted).toBe(true)
      const later = { life: { ...live, ver }, ...none }
      const isLater = compareStamps(ver, live.ver) > 0
      expect(merge(evicted, later).life?.evicted).toBe(!isLater)
    }),
  )
})
