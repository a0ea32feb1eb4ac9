import { expect, test } from 'vitest'
import { setUpCatalog } from '../testing/catalog-harness.ts'
import type { KvChanges } from './catalog.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

test('a listener hears of each revision below its prefix once, whole, and of no other', async () => {
  await using harness = await setUpCatalog()
  const { catalog } = harness
  const { kv } = catalog
  const seen: KvChanges[] = []
  kv.subscribe('a/', (changes) => seen.push(changes))

  await kv.put('b', bytes('1'))
  const { revision } = await catalog.txn({
    compares: [],
    then: ['a/1', 'a/2', 'ab'].map((key) => ({ put: { key, value: bytes(key) } })),
    otherwise: [],
  })
  await catalog.leases.grant({ ttlMs: 5_000 })
  expect(seen.map((changes) => [changes.revision, changes.puts.map(({ key }) => key)])).toEqual([
    [revision, ['a/1', 'a/2']],
  ])
  await kv.delete('a/1')
  expect(seen.at(-1)).toMatchObject({ puts: [], deletes: ['a/1'] })
})

test('all listeners of a prefix are handed the very same object, to be encoded once', async () => {
  await using harness = await setUpCatalog()
  const { kv } = harness.catalog
  const seen = new Set<KvChanges>()
  for (let at = 0; at < 1_000; at += 1) kv.subscribe('a', (changes) => seen.add(changes))
  await kv.put('a', bytes('1'))
  expect(seen.size).toBe(1)
})

test('who listens and then reads sees each change in exactly one of the two', async () => {
  await using harness = await setUpCatalog()
  const { kv } = harness.catalog
  let seen: string[] = []
  kv.subscribe('', () => {
    if (seen.length > 0) return
    kv.subscribe('', ({ puts }) => seen.push(...puts.map(({ key }) => key)))
    seen = kv.list({ prefix: '', limit: 9 }).entries.map(({ key }) => key)
  })
  for (const key of ['a', 'b', 'c']) await kv.put(key, bytes(key))
  expect(seen).toEqual(['a', 'b', 'c'])
})

test('what came after a revision is told, unless it is of another catalog or too long ago', async () => {
  await using harness = await setUpCatalog()
  const { catalog } = harness
  const { kv } = catalog
  const start = catalog.status().viewRevision
  const first = await kv.put('a/1', bytes('1'))
  await kv.put('b', bytes('2'))
  const last = await kv.delete('a/1')

  const since = (revision: number) => kv.changesSince('a/', revision)?.map((one) => one.revision)
  expect(since(start)).toEqual([first.revision, last.revision])
  expect(since(first.revision)).toEqual([last.revision])
  expect(since(last.revision)).toEqual([])
  expect(since(last.revision + 1)).toBeUndefined()
  expect(since(start - 1)).toBeUndefined()
})
