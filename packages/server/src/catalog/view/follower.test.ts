import { RegistryError } from '@rollcall/protocol/errors'
import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import type { KvChanges } from '../catalog.ts'
import type { Commit } from '../engine.ts'

/** As another node writes it. */
const putting = (key: string): Commit => ({
  compares: [],
  then: [{ kind: 'put', key: `k/${key}`, value: bytes(key) }],
})
const bytes = (text: string) => new Uint8Array(Buffer.from(text))

test('before the first view nothing is read, and nothing is written', async () => {
  await using harness = await setUpCatalog()
  harness.engine.cutOff()
  const other = await harness.another('n2')
  await using _ = other
  const { catalog } = other

  expect(catalog.status()).toMatchObject({ state: 'unavailable', keys: 0 })
  await expect(catalog.readable({})).rejects.toMatchObject({ code: 'unavailable' })
  await expect(catalog.kv.put('a', bytes('1'))).rejects.toMatchObject({ code: 'unavailable' })
  expect(() => catalog.kv.get('a')).toThrow(expect.objectContaining({ code: 'unavailable' }))

  harness.engine.mend()
  await harness.clock.advance(6_000)
  expect(catalog.status().state).toBe('ok')
})

test('a view that is built from what is there follows from the next revision on', async () => {
  await using harness = await setUpCatalog()
  for (const key of ['a', 'b', 'c']) await harness.catalog.kv.put(key, bytes(key))
  await using other = await harness.another('n2')
  const { kv } = other.catalog
  expect(kv.list({ prefix: '', limit: 9 }).entries.map(({ key }) => key)).toEqual(['a', 'b', 'c'])

  const { revision } = await harness.catalog.kv.put('d', bytes('d'))
  await harness.clock.advance(0)
  expect(other.catalog.status()).toMatchObject({ state: 'ok', viewRevision: revision, keys: 4 })
})

test('a view whose watch breaks keeps serving, says since when, and resumes without a gap', async () => {
  await using harness = await setUpCatalog()
  const { catalog, clock, engine } = harness
  await catalog.kv.put('a', bytes('1'))
  const seen: KvChanges[] = []
  catalog.kv.subscribe('', (changes) => seen.push(changes))
  let restarts = 0
  catalog.kv.onRestart(() => (restarts += 1))

  engine.cutOff()
  await clock.advance(0)
  await clock.advance(1_500)
  expect(catalog.status()).toMatchObject({ state: 'stale' })
  expect((await catalog.readable({})).staleMs).toBe(1_500)
  expect(catalog.kv.get('a')).toBeDefined()
  await expect(catalog.kv.put('b', bytes('2'))).rejects.toMatchObject({ code: 'unavailable' })

  engine.mend()
  const b = await engine.commit(putting('b'))
  const c = await engine.commit(putting('c'))
  await clock.advance(10_000)
  expect(catalog.status().state).toBe('ok')
  expect((await catalog.readable({})).staleMs).toBeUndefined()
  expect(seen.map(({ revision }) => revision)).toEqual([b.revision, c.revision])
  expect(restarts).toBe(0)
})

test('when what follows the view is compacted, another is built and subscribers start over', async () => {
  await using harness = await setUpCatalog()
  const { catalog, clock, engine } = harness
  const { revision } = await catalog.kv.put('a', bytes('1'))
  const reasons: string[] = []
  catalog.kv.onRestart((reason) => reasons.push(`${reason} ${catalog.kv.get('b') ? 'b' : ''}`))

  engine.pauseWatches()
  await engine.commit(putting('b'))
  engine.compact()
  engine.resumeWatches()
  await clock.advance(10_000)

  expect(reasons).toEqual(['compacted b'])
  expect(catalog.kv.changesSince('', revision)).toBeUndefined()
  expect(catalog.kv.changesSince('', catalog.status().viewRevision)).toEqual([])
  expect(catalog.status().state).toBe('ok')
})

test('after a restore the old view serves, stale, until the new one takes its place', async () => {
  await using harness = await setUpCatalog()
  const { catalog, clock, engine } = harness
  const { revision } = await catalog.kv.put('old', bytes('1'))
  const reasons: string[] = []
  catalog.kv.onRestart((reason) => reasons.push(reason))

  const restored = await engine.restore(
    {
      revision: 9,
      leases: [],
      async *pages() {
        yield await Promise.resolve([{ key: 'k/new', value: bytes('2'), lease: 0 }])
      },
    },
    new AbortController().signal,
  )
  await clock.advance(0)
  expect(catalog.status().state).toBe('stale')
  expect(catalog.kv.get('old')).toBeDefined()

  await clock.advance(200)
  expect(reasons).toEqual(['restored'])
  expect(catalog.kv.get('old')).toBeUndefined()
  expect(catalog.kv.get('new')).toBeDefined()
  expect(catalog.kv.changesSince('', revision)).toBeUndefined()
  expect(catalog.status()).toMatchObject({ state: 'ok', viewRevision: restored.revision })
})

test('an engine that refuses writes makes reads stale with their age, and them only', async () => {
  await using harness = await setUpCatalog()
  const { catalog, clock, engine } = harness
  await catalog.kv.put('a', bytes('1'))
  engine.breakWrites('the disk is full')
  await clock.advance(2_000)

  await expect(catalog.kv.put('a', bytes('2'))).rejects.toMatchObject({ code: 'unavailable' })
  expect((await catalog.readable({})).staleMs).toBe(2_000)
  expect(catalog.status()).toMatchObject({ state: 'stale', reason: 'the disk is full' })

  engine.mend()
  expect(catalog.status().state).toBe('ok')
})

test('what is thrown and is no refusal stops the plane', async () => {
  await using harness = await setUpCatalog()
  const other = await harness.another('n2')
  other.catalog.kv.subscribe('', () => {
    throw new Error('a bug')
  })
  await harness.catalog.kv.put('a', bytes('1'))
  await expect(other[Symbol.asyncDispose]()).rejects.toThrow('a bug')
})

test('a watch that just ends is taken up again', async () => {
  await using harness = await setUpCatalog()
  const { catalog, clock, engine } = harness
  engine.endWatches(new RegistryError('shutting_down', 'a test'))
  await clock.advance(1_000)
  await catalog.kv.put('a', bytes('1'))
  expect(catalog.status().state).toBe('ok')
})
