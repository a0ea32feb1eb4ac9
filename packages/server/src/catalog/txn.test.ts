import { expect, test } from 'vitest'
import { setUpCatalog } from '../testing/catalog-harness.ts'
import type { Txn, TxnCompare } from './catalog.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const nothing: Txn = { compares: [], then: [], otherwise: [] }

test('one branch is done as one step, and each operation is answered in its place', async () => {
  await using harness = await setUpCatalog()
  const { kv } = harness.catalog
  for (const key of ['a', 'p/1', 'p/2']) await kv.put(key, bytes(key))
  const seen: number[] = []
  kv.subscribe('', ({ revision, puts, deletes }) => {
    seen.push(revision, puts.length, deletes.length)
  })

  const answer = await harness.catalog.txn({
    compares: [{ key: 'a', exists: true }],
    then: [
      { get: { key: 'a' } },
      { put: { key: 'b', value: bytes('B') } },
      { delete: { key: 'a' } },
      { deletePrefix: { prefix: 'p/' } },
      { get: { key: 'b' } },
      { get: { key: 'a' } },
    ],
    otherwise: [{ put: { key: 'c', value: bytes('C') } }],
  })

  const { revision } = answer
  expect(answer).toMatchObject({ succeeded: true, isBehind: false })
  expect(answer.results).toEqual([
    { get: expect.objectContaining({ key: 'a', value: bytes('a') }) },
    { put: { modRevision: revision } },
    { deleted: 1 },
    { deleted: 2 },
    { get: expect.objectContaining({ key: 'b', value: bytes('B'), modRevision: revision }) },
    { get: null },
  ])
  expect(seen).toEqual([revision, 1, 3])
  expect(kv.list({ prefix: '', limit: 9 }).entries.map(({ key }) => key)).toEqual(['b'])
})

test('the other branch is done when one compare does not hold', async () => {
  await using harness = await setUpCatalog()
  const answer = await harness.catalog.txn({
    compares: [
      { key: 'a', exists: false },
      { key: 'b', exists: true },
    ],
    then: [{ put: { key: 'a', value: bytes('1') } }],
    otherwise: [{ put: { key: 'c', value: bytes('2') } }],
  })
  expect(answer).toMatchObject({ succeeded: false, results: [{ put: {} }] })
  expect(harness.catalog.kv.get('c')).toBeDefined()
  expect(harness.catalog.kv.get('a')).toBeUndefined()
})

test('each kind of compare is judged on the users keys', async () => {
  await using harness = await setUpCatalog()
  const { kv } = harness.catalog
  const { createRevision } = await kv.put('p/a', bytes('1'))
  const { modRevision } = await kv.put('p/a', bytes('2'))
  const holds = async (compare: TxnCompare) =>
    (await harness.catalog.txn({ ...nothing, compares: [compare] })).succeeded

  expect(await holds({ key: 'p/a', modRevision })).toBe(true)
  expect(await holds({ key: 'p/a', modRevision, op: '<' })).toBe(false)
  expect(await holds({ key: 'p/a', createRevision, op: '=' })).toBe(true)
  expect(await holds({ key: 'p/a', createRevision: modRevision, op: '<' })).toBe(true)
  expect(await holds({ key: 'p/a', value: bytes('2') })).toBe(true)
  expect(await holds({ key: 'p/a', value: bytes('1') })).toBe(false)
  expect(await holds({ prefix: 'p/', empty: true })).toBe(false)
  expect(await holds({ prefix: 'q/', empty: true })).toBe(true)
  expect(await holds({ prefix: 'p/', unchangedSince: modRevision })).toBe(true)
  expect(await holds({ prefix: 'p/', unchangedSince: createRevision })).toBe(false)
})

test.each([
  ['a key twice', [{ delete: { key: 'a' } }, { put: { key: 'a', value: bytes('') } }]],
  ['below a prefix', [{ deletePrefix: { prefix: 'a' } }, { put: { key: 'ab', value: bytes('') } }]],
  ['an empty prefix', [{ deletePrefix: { prefix: '' } }]],
  ['no key', [{ get: { key: '' } }]],
])('a branch that writes %s is refused in the words of who sent it', async (_, then) => {
  await using harness = await setUpCatalog()
  const refused = harness.catalog.txn({ ...nothing, then })
  await expect(refused).rejects.toMatchObject({ code: 'invalid_argument' })
  await expect(refused).rejects.not.toThrow('k/')
})

test('too many operations are refused with both numbers', async () => {
  await using harness = await setUpCatalog()
  const then = Array.from({ length: 4_001 }, (_, at) => ({ delete: { key: `k${at}` } }))
  await expect(harness.catalog.txn({ ...nothing, then })).rejects.toMatchObject({
    code: 'limit_exceeded',
    details: { limit: 4_000, actual: 4_001 },
  })
})
