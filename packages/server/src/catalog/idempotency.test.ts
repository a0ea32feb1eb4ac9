import { seededRandom, silentLog } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { createMemoryEngine } from '../engines/memory/index.ts'
import { setUpCatalog } from '../testing/catalog-harness.ts'
import { requestKey } from './key-schema.ts'
import { RequestLeases } from './request-leases.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const idempotency = { key: 'once', request: 'PUT a' }

async function setUp() {
  const harness = await setUpCatalog()
  return { harness, catalog: harness.catalog, kv: harness.catalog.kv, clock: harness.clock }
}

/** With what later answers are kept under there already, and commits counted from then on. */
async function setUpCounted(before: (commits: number) => Promise<void> | void = () => {}) {
  const t = await setUp()
  await t.kv.put('warm', bytes(''), { idempotency: { key: 'warm', request: '' } })
  await t.clock.advance(0)
  const { engine } = t.harness
  const commit = engine.commit.bind(engine)
  const counted = { commits: 0 }
  engine.commit = async (what) => {
    counted.commits += 1
    await before(counted.commits)
    return commit(what)
  }
  return { ...t, counted }
}

test('a put that is repeated answers as it did, and is not done again', async () => {
  const { harness, kv } = await setUp()
  await using _ = harness
  const first = await kv.put('a', bytes('1'), { idempotency })
  await kv.put('a', bytes('2'))
  expect(await kv.put('a', bytes('1'), { idempotency })).toEqual(first)
  expect(kv.get('a')?.value).toEqual(bytes('2'))
})

test('the same key for another request is refused', async () => {
  const { harness, kv } = await setUp()
  await using _ = harness
  await kv.put('a', bytes('1'), { idempotency })
  const other = { ...idempotency, request: 'PUT b' }
  await expect(kv.put('b', bytes('1'), { idempotency: other })).rejects.toMatchObject({
    code: 'idempotency_conflict',
    details: { key: 'once' },
  })
  expect(kv.get('b')).toBeUndefined()
})

test('repetitions while the first is under way are one with it', async () => {
  const { harness, kv } = await setUp()
  await using _ = harness
  const revisions: number[] = []
  kv.subscribe('', ({ revision }) => revisions.push(revision))
  const puts = [1, 2, 3].map(() => kv.put('a', bytes('1'), { idempotency }))
  const other = kv.put('a', bytes('2'), { idempotency: { ...idempotency, request: 'x' } })
  await expect(other).rejects.toMatchObject({ code: 'idempotency_conflict' })
  const [first, ...rest] = await Promise.all(puts)
  for (const answer of rest) expect(answer).toEqual(first)
  expect(revisions).toEqual([first?.revision])
})

test('what was refused is judged anew', async () => {
  const { harness, kv } = await setUp()
  await using _ = harness
  await kv.put('a', bytes('1'))
  const ifRevision = 0
  await expect(kv.put('a', bytes('2'), { ifRevision, idempotency })).rejects.toMatchObject({
    code: 'revision_conflict',
  })
  await kv.delete('a')
  expect(await kv.put('a', bytes('2'), { ifRevision, idempotency })).toMatchObject({
    created: true,
  })
})

test('a delete, a prefix delete and a lease grant are repeated alike', async () => {
  const { harness, catalog, kv } = await setUp()
  await using _ = harness
  for (const key of ['a', 'p/1', 'p/2']) await kv.put(key, bytes(key))
  const as = (key: string) => ({ idempotency: { key, request: key } })

  const deleted = await kv.delete('a', as('d'))
  await harness.clock.advance(0)
  expect(await kv.delete('a', as('d'))).toEqual(deleted)
  const cleared = await kv.deletePrefix('p/', as('p'))
  expect(cleared.deleted).toBe(2)
  await harness.clock.advance(0)
  expect(await kv.deletePrefix('p/', as('p'))).toEqual(cleared)
  const granted = await catalog.leases.grant({ ttlMs: 9_000, name: 'n', ...as('l') })
  await harness.clock.advance(0)
  expect(await catalog.leases.grant({ ttlMs: 9_000, name: 'n', ...as('l') })).toEqual(granted)
  expect(catalog.status().leases).toBe(1)
})

test.each([
  ['bytes', new Uint8Array([0, 255, 128])],
  // As engines hand them out that read a file; it has a form of its own in JSON.
  ['a buffer', Buffer.from([0, 255, 128])],
])('a transaction is repeated with its branch and what it got, %s too', async (_what, value) => {
  const { harness, catalog, kv } = await setUp()
  await using _ = harness
  const txn = {
    compares: [{ key: 'a', exists: true }],
    then: [{ delete: { key: 'a' } }],
    otherwise: [{ put: { key: 'a', value } }, { get: { key: 'a' } }, { get: { key: 'b' } }],
  }
  const first = await catalog.txn(txn, { idempotency })
  expect(first.succeeded).toBe(false)
  await harness.clock.advance(0)
  const repeated = await catalog.txn(txn, { idempotency })
  expect(repeated).toMatchObject({ succeeded: false, revision: first.revision })
  const [, got] = repeated.results
  const entry = got && 'get' in got ? got.get : undefined
  expect(entry?.value).toEqual(new Uint8Array([0, 255, 128]))
  expect(repeated.results[2]).toEqual({ get: null })
  expect(kv.get('a')).toBeDefined()
})

test('a node that starts again still knows what was done', async () => {
  const { harness, kv } = await setUp()
  await using _ = harness
  const first = await kv.put('a', bytes('1'), { idempotency })
  await harness.stop()
  await using again = await harness.another()
  expect(await again.catalog.kv.put('a', bytes('1'), { idempotency })).toEqual(first)
})

test('who is answered does not wait until that is kept, and a repetition meanwhile is told the same', async () => {
  let letKeep = () => {}
  const held = new Promise<void>((resolve) => {
    letKeep = resolve
  })
  const { harness, kv, counted } = await setUpCounted(async (commits) => {
    if (commits === 2) await held
  })
  await using _ = harness
  const first = await kv.put('a', bytes('1'), { idempotency })
  await harness.clock.advance(0)
  expect(counted.commits).toBe(2)
  expect(await kv.put('a', bytes('1'), { idempotency })).toEqual(first)
  const other = kv.put('b', bytes('1'), { idempotency: { ...idempotency, request: 'x' } })
  await expect(other).rejects.toMatchObject({ code: 'idempotency_conflict' })
  expect(counted.commits).toBe(2)

  let isStopped = false
  const stopped = harness.stop().then(() => {
    isStopped = true
  })
  await harness.clock.advance(0)
  expect(isStopped).toBe(false)
  letKeep()
  await stopped
  await using again = await harness.another()
  expect(await again.catalog.kv.put('a', bytes('1'), { idempotency })).toEqual(first)
})

test('a put that is repeated takes one commit, and answers that are given together are kept by one', async () => {
  const { harness, kv, counted } = await setUpCounted()
  await using _ = harness
  const put = (n: number) =>
    kv.put(`a/${n}`, bytes('1'), { idempotency: { key: `k${n}`, request: `${n}` } })
  const numbers = Array.from({ length: 40 }, (_each, n) => n)
  const first = await Promise.all(numbers.map(put))
  await harness.clock.advance(0)
  expect(counted.commits).toBe(41)
  expect(await Promise.all(numbers.map(put))).toEqual(first)
  expect(counted.commits).toBe(81)
})

test('an answer whose record is gone takes no other with it', async () => {
  const { harness, kv } = await setUp()
  await using _ = harness
  const { engine } = harness
  const commit = engine.commit.bind(engine)
  const name = requestKey('n1', 'k1')
  engine.commit = async (what) => {
    const keeps = what.compares.some((one) => one.kind === 'exists' && one.exists)
    if (keeps) await commit({ compares: [], then: [{ kind: 'delete', key: name }] })
    return commit(what)
  }
  const put = (n: number) =>
    kv.put(`a/${n}`, bytes('1'), { idempotency: { key: `k${n}`, request: '' } })
  const first = await Promise.all([0, 1, 2].map(put))
  await harness.clock.advance(0)
  expect(await put(0)).toEqual(first[0])
  expect(await put(2)).toEqual(first[2])
  expect((await put(1)).revision).toBeGreaterThan(first[1]?.revision ?? 0)
})

test('when the answer could not be kept, a repetition is told that it was done, and when', async () => {
  const { harness, kv } = await setUp()
  await using _ = harness
  await kv.put('warm', bytes(''), { idempotency: { key: 'warm', request: '' } })
  const { engine } = harness
  const commit = engine.commit.bind(engine)
  let commits = 0
  // The write is done; keeping the answer is where it fails.
  engine.commit = (what) => {
    commits += 1
    if (commits === 2) engine.breakWrites('the disk is full')
    return commit(what)
  }
  const first = await kv.put('a', bytes('1'), { idempotency })
  expect(kv.get('a')).toBeDefined()
  engine.mend()

  await expect(kv.put('a', bytes('1'), { idempotency })).rejects.toMatchObject({
    code: 'outcome_unknown',
    details: { revision: first.revision },
  })
})

test('when the answer of the engine was lost, a repetition does not do it twice', async () => {
  const { harness, kv } = await setUp()
  await using _ = harness
  await kv.put('warm', bytes(''), { idempotency: { key: 'warm', request: '' } })
  const { engine } = harness
  const commit = engine.commit.bind(engine)
  let commits = 0
  engine.commit = (what) => {
    commits += 1
    if (commits === 1) engine.loseAnswers(1)
    return commit(what)
  }
  const revisions: number[] = []
  kv.subscribe('', ({ revision }) => revisions.push(revision))
  await expect(kv.put('a', bytes('1'), { idempotency })).rejects.toMatchObject({
    code: 'outcome_unknown',
  })
  await expect(kv.put('a', bytes('1'), { idempotency })).rejects.toMatchObject({
    code: 'outcome_unknown',
    details: { revision: expect.any(Number) },
  })
  expect(revisions).toHaveLength(1)
})

test('a request is remembered for ten minutes at least, and forgotten soon after eleven', async () => {
  const { harness, kv, clock } = await setUp()
  await using _ = harness
  await kv.put('warm', bytes(''), { idempotency: { key: 'warm', request: '' } })
  await clock.advance(59_000)
  const first = await kv.put('a', bytes('1'), { idempotency })
  await clock.advance(600_000)
  expect(await kv.put('a', bytes('1'), { idempotency })).toEqual(first)
  await clock.advance(62_000)
  expect((await kv.put('a', bytes('1'), { idempotency })).revision).toBeGreaterThan(first.revision)
})

test('requests of one minute share one lease of the engine', async () => {
  const { harness, kv, clock } = await setUp()
  await using _ = harness
  const leases = async () => {
    await using snapshot = await harness.engine.snapshot()
    return snapshot.leases.length
  }
  for (let at = 0; at < 50; at += 1) {
    await kv.put('a', bytes('1'), { idempotency: { key: `r${at}`, request: '' } })
  }
  expect(await leases()).toBe(1)
  await clock.advance(60_000)
  await kv.put('a', bytes('1'), { idempotency: { key: 'later', request: '' } })
  expect(await leases()).toBe(2)
})

test('no more requests share a lease than may hang on one', async () => {
  const clock = new FakeClock()
  const engine = createMemoryEngine({ clock, random: seededRandom(1), log: silentLog })
  const requests = new RequestLeases({ engine, clock })
  const used = new Map<number, number>()
  for (let at = 0; at < 12_000; at += 1) {
    await requests.use(async (lease) => {
      used.set(lease, (used.get(lease) ?? 0) + 1)
      await Promise.resolve()
    })
  }
  expect([...used.values()]).toEqual([5_000, 5_000, 2_000])
})

test('after a restore, which knows nothing of our leases, requests are remembered again', async () => {
  const { harness, kv, clock } = await setUp()
  await using _ = harness
  await kv.put('a', bytes('1'), { idempotency })
  const empty = { revision: 1, leases: [], async *pages() {} }
  await harness.engine.restore(empty, new AbortController().signal)
  await clock.advance(1_000)
  const first = await kv.put('a', bytes('1'), { idempotency })
  expect(first.created).toBe(true)
  expect(await kv.put('a', bytes('1'), { idempotency })).toEqual(first)
})

test.each([
  ['', 'invalid_argument'],
  ['x'.repeat(65), 'limit_exceeded'],
  ['\ud800', 'invalid_argument'],
])('the key %j is refused', async (key, code) => {
  const { harness, kv } = await setUp()
  await using _ = harness
  const put = kv.put('a', bytes('1'), { idempotency: { key, request: '' } })
  await expect(put).rejects.toMatchObject({ code })
})
