import { expect, test } from 'vitest'
import { setUpCatalog } from '../testing/catalog-harness.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const text = (value: Uint8Array | undefined) => value && Buffer.from(value).toString()

test('what was put is read at once by whoever put it', async () => {
  await using harness = await setUpCatalog()
  const { kv } = harness.catalog

  const first = await kv.put('a/b', bytes('1'))
  expect(first).toMatchObject({ key: 'a/b', created: true, isBehind: false })
  expect(first.createRevision).toBe(first.modRevision)
  expect(text(kv.get('a/b')?.value)).toBe('1')

  const second = await kv.put('a/b', bytes('2'))
  expect(second).toMatchObject({ created: false, createRevision: first.createRevision })
  expect(second.modRevision).toBeGreaterThan(first.modRevision)
  expect(kv.get('a/b')).toEqual({
    key: 'a/b',
    value: bytes('2'),
    createRevision: first.createRevision,
    modRevision: second.modRevision,
    lease: 0,
  })
})

test('a put with a revision is done only at that revision, and 0 means that the key is not there', async () => {
  await using harness = await setUpCatalog()
  const { kv } = harness.catalog
  const { modRevision } = await kv.put('a', bytes('1'), { ifRevision: 0 })

  await expect(kv.put('a', bytes('2'), { ifRevision: 0 })).rejects.toMatchObject({
    code: 'revision_conflict',
    details: { key: 'a', expected: 0, actual: modRevision },
  })
  await expect(kv.put('b', bytes('2'), { ifRevision: 7 })).rejects.toMatchObject({
    code: 'revision_conflict',
    details: { key: 'b', expected: 7, actual: 0 },
  })
  expect((await kv.put('a', bytes('2'), { ifRevision: modRevision })).created).toBe(false)
  expect(kv.get('b')).toBeUndefined()
})

test('a delete tells what is not there from what is at another revision', async () => {
  await using harness = await setUpCatalog()
  const { kv } = harness.catalog
  const { modRevision } = await kv.put('a', bytes('1'))

  await expect(kv.delete('b')).rejects.toMatchObject({
    code: 'key_not_found',
    details: { key: 'b' },
  })
  await expect(kv.delete('b', { ifRevision: 3 })).rejects.toMatchObject({ code: 'key_not_found' })
  await expect(kv.delete('a', { ifRevision: modRevision + 1 })).rejects.toMatchObject({
    code: 'revision_conflict',
    details: { key: 'a', expected: modRevision + 1, actual: modRevision },
  })
  await kv.delete('a', { ifRevision: modRevision })
  expect(kv.get('a')).toBeUndefined()
})

test('a prefix is deleted in one revision, and what lies beside it stays', async () => {
  await using harness = await setUpCatalog()
  const { kv } = harness.catalog
  for (const key of ['a', 'a/1', 'a/2', 'b']) await kv.put(key, bytes(key))
  const seen: unknown[] = []
  kv.subscribe('', (changes) => seen.push(changes))

  const { deleted, revision } = await kv.deletePrefix('a/')
  expect(deleted).toBe(2)
  expect(seen).toEqual([{ revision, puts: [], deletes: ['a/1', 'a/2'] }])
  expect(kv.list({ prefix: '', limit: 10 }).entries.map(({ key }) => key)).toEqual(['a', 'b'])
  await expect(kv.deletePrefix('')).rejects.toMatchObject({ code: 'invalid_argument' })
})

test('pages go on after the last key and say whether more follow', async () => {
  await using harness = await setUpCatalog()
  const { kv } = harness.catalog
  for (const key of ['x/ö', 'x/a', 'x/\u{1f600}', 'x/\ue000', 'y']) await kv.put(key, bytes(''))
  const keys = (after?: string) => {
    const { entries, more } = kv.list({ prefix: 'x/', after, limit: 2 })
    return [...entries.map(({ key }) => key), more]
  }

  expect(keys()).toEqual(['x/a', 'x/ö', true])
  expect(keys('x/ö')).toEqual(['x/\ue000', 'x/\u{1f600}', false])
  expect(keys('x/\u{1f600}')).toEqual([false])
  expect(keys('a')).toEqual(['x/a', 'x/ö', true])
  expect(keys('z')).toEqual([false])
})

test.each([
  ['an empty key', '', 'invalid_argument'],
  ['half a character', 'a\ud800', 'invalid_argument'],
  ['513 bytes', 'ö'.repeat(256) + 'x', 'limit_exceeded'],
])('%s is refused', async (_, key, code) => {
  await using harness = await setUpCatalog()
  await expect(harness.catalog.kv.put(key, bytes(''))).rejects.toMatchObject({ code })
})

test('512 bytes of key and a mebibyte of value are taken, and a byte more is not', async () => {
  await using harness = await setUpCatalog()
  const { kv } = harness.catalog
  const key = 'ö'.repeat(256)
  await kv.put(key, new Uint8Array(1_048_576))
  expect(kv.get(key)?.value.length).toBe(1_048_576)
  await expect(kv.put(key, new Uint8Array(1_048_577))).rejects.toMatchObject({
    code: 'limit_exceeded',
    details: { what: 'value bytes', limit: 1_048_576, actual: 1_048_577 },
  })
})
