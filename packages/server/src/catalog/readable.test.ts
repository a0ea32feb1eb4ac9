import { expect, test } from 'vitest'
import { setUpCatalog } from '../testing/catalog-harness.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

/** What a promise was rejected with, looked at from the beginning. */
const refusalOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error)

async function setUp() {
  const harness = await setUpCatalog()
  const { catalog, clock, engine } = harness
  const putElsewhere = async (key: string) => {
    const { revision } = await engine.commit({
      compares: [],
      then: [{ kind: 'put', key: `k/${key}`, value: bytes(key) }],
    })
    return revision
  }
  return { harness, catalog, clock, engine, putElsewhere }
}

test('a linearizable read waits until the view has all that was committed before it', async () => {
  const { harness, catalog, clock, engine, putElsewhere } = await setUp()
  await using _ = harness
  engine.pauseWatches()
  const revision = await putElsewhere('a')

  expect((await catalog.readable({})).revision).toBeLessThan(revision)
  const read = catalog.readable({ consistency: 'linearizable' })
  await clock.advance(3_000)
  engine.resumeWatches()
  await expect(read).resolves.toEqual({ revision, staleMs: undefined })
  expect(catalog.kv.get('a')).toBeDefined()
})

test('a read that names a revision waits for it five seconds at most', async () => {
  const { harness, catalog, clock, putElsewhere } = await setUp()
  await using _ = harness
  const revision = await putElsewhere('a')
  await clock.advance(0)

  expect((await catalog.readable({ minRevision: revision })).revision).toBe(revision)
  const later = catalog.readable({ minRevision: revision + 1 })
  const never = refusalOf(catalog.readable({ minRevision: revision + 2 }))
  await clock.advance(0)
  await clock.advance(4_999)
  await putElsewhere('b')
  await expect(later).resolves.toMatchObject({ revision: revision + 1 })
  await clock.advance(1)
  expect(await never).toMatchObject({ code: 'unavailable', details: { revision: revision + 2 } })
})

test('a write that the view does not have after a second is answered as being behind', async () => {
  const { harness, catalog, clock, engine } = await setUp()
  await using _ = harness
  engine.pauseWatches()
  const put = catalog.kv.put('a', bytes('1'))
  await clock.advance(0)
  await clock.advance(999)
  expect(await Promise.race([put, Promise.resolve('waits')])).toBe('waits')
  await clock.advance(1)
  await expect(put).resolves.toMatchObject({ isBehind: true, created: true })
  expect(catalog.kv.get('a')).toBeUndefined()
  expect(catalog.status().revision).toBeGreaterThan(catalog.status().viewRevision)

  engine.resumeWatches()
  await clock.advance(0)
  expect(catalog.kv.get('a')).toBeDefined()
})

test('when the plane stops, reads that wait are told so, and writes that are done are answered', async () => {
  const { harness, catalog, clock, engine } = await setUp()
  await using _ = harness
  engine.pauseWatches()
  const write = catalog.kv.put('a', bytes('1'))
  const read = refusalOf(catalog.readable({ minRevision: 99 }))
  await clock.advance(0)
  await harness.stop()
  expect(await read).toMatchObject({ code: 'shutting_down' })
  await expect(write).resolves.toMatchObject({ isBehind: true })
  await expect(catalog.readable({ minRevision: 99 })).rejects.toMatchObject({
    code: 'shutting_down',
  })
})
