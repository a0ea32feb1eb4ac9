import { LIMITS } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { setUpPlane } from '../testing/index.ts'
import { completeFacts, type FactsRequest } from './facts.ts'

const many = (count: number) => Array.from({ length: count }, (_, at) => `x${at}`)
const pairs = (count: number) => Object.fromEntries(many(count).map((key) => [key, '']))
const facts = (request: Partial<FactsRequest>) => () =>
  completeFacts({ addresses: [], ...request }, 90_000)

test.each<[string, Partial<FactsRequest>, Partial<FactsRequest>]>([
  [
    'addresses',
    { addresses: many(LIMITS.addressesMax) },
    { addresses: many(LIMITS.addressesMax + 1) },
  ],
  [
    'address characters',
    { addresses: ['x'.repeat(LIMITS.addressMaxLength)] },
    { addresses: ['x'.repeat(LIMITS.addressMaxLength + 1)] },
  ],
  ['tags', { tags: many(LIMITS.tagsMax) }, { tags: many(LIMITS.tagsMax + 1) }],
  [
    'tag characters',
    { tags: ['x'.repeat(LIMITS.tagMaxLength)] },
    { tags: ['x'.repeat(LIMITS.tagMaxLength + 1)] },
  ],
  [
    'metadata pairs',
    { metadata: pairs(LIMITS.metadataMaxPairs) },
    { metadata: pairs(LIMITS.metadataMaxPairs + 1) },
  ],
  [
    'metadata bytes',
    { metadata: { k: 'é'.repeat((LIMITS.metadataMaxBytes - 2) / 2) } },
    { metadata: { k: 'é'.repeat(LIMITS.metadataMaxBytes / 2) } },
  ],
])('the limit of %s holds, to the last one', (what, most, more) => {
  expect(facts(most)).not.toThrow()
  expect(facts(more)).toThrow(
    expect.objectContaining({
      code: 'limit_exceeded',
      details: expect.objectContaining({ what }),
    }),
  )
})

test.each([LIMITS.ttlMinMs - 1, LIMITS.ttlMaxMs + 1, 0, -1, Number.NaN])(
  'a ttl of %d ms is refused',
  (ttlMs) => {
    expect(facts({ ttlMs })).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
  },
)

test.each([LIMITS.ttlMinMs, LIMITS.ttlMaxMs])('a ttl of %d ms is taken', (ttlMs) => {
  expect(facts({ ttlMs })().ttlMs).toBe(ttlMs)
})

test('a registration that is refused leaves no trace', () => {
  const it = setUpPlane()
  expect(() => it.register({}, { tags: many(65) })).toThrow('tags')
  expect([...it.plane.core.table.services()]).toEqual([])
  it.register()
  const before = it.record()
  expect(() => it.register({}, { ttlMs: 1 })).toThrow('ttlMs')
  expect(it.record()).toBe(before)
})

test('no more instances live than there is room for; what is known stays welcome', () => {
  const it = setUpPlane({ limits: { instancesMax: 2 } })
  const full = expect.objectContaining({ code: 'limit_exceeded' })
  it.registerMany(2)
  expect(() => it.register({ service: 'new', id: 'c' })).toThrow(full)
  expect(it.entry({ service: 'new', id: 'c' })).toBeUndefined()
  expect([...it.plane.core.table.services()]).toHaveLength(1)
  it.register({ id: 'i0' }, { version: '2' })
  it.renew({ id: 'i1' })
  it.plane.cancel(it.ref({ id: 'i0' }))
  it.register({ id: 'c' })
  expect(() => it.register({ id: 'i0' })).toThrow(full)
})
