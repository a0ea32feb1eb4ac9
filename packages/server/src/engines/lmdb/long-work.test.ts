import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, silentLog, start, systemClock } from '@rollcall/runtime'
import { FakeClock, until } from '@rollcall/runtime/testing'
import { open as openDatabase } from 'lmdb'
import { expect, onTestFinished, test } from 'vitest'
import type { Restorable } from '../../catalog/engine.ts'
import { contentOf, doAll, put, watched } from '../../testing/engine-contract/home.ts'
import { openLmdbEngine, type LmdbEngine } from './index.ts'

const MINUTE_MS = 60_000

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-lmdb-long-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const clock = new FakeClock()
  const options = { folder, clock, io: systemClock, random: seededRandom(1), log: silentLog }
  const open = () => openLmdbEngine({ ...options, keepRevisions: 10 })
  return { folder, clock, open }
}

/** How many keys each table holds, read from a file that nobody has open. */
async function countKeys(folder: string): Promise<Record<string, number>> {
  const root = openDatabase({ path: folder, noSubdir: false })
  const count = (name: string) =>
    root.openDB({ name, encoding: 'binary', keyEncoding: 'binary' }).getKeysCount()
  const counts = { kv: count('kv'), leased: count('leased'), leases: count('leases') }
  await root.close()
  return counts
}

/** Puts so many revisions, many at once. */
async function putMany(engine: LmdbEngine, count: number): Promise<void> {
  for (let from = 0; from < count; from += 1_000) {
    const size = Math.min(1_000, count - from)
    await Promise.all(Array.from({ length: size }, (_, at) => doAll(engine, put(`k/${from + at}`))))
  }
}

function sourceOf(count: number, breakOff = false): Restorable {
  return {
    revision: 1,
    leases: [{ id: 9, ttlMs: 5_000 }],
    async *pages() {
      for (let from = 0; from < count; from += 1_000) {
        yield await Promise.resolve(
          Array.from({ length: 1_000 }, (_, at) => ({
            key: `k/${String(from + at).padStart(6, '0')}`,
            value: Buffer.from('restored'),
            lease: from + at < 500 ? 9 : 0,
          })),
        )
      }
      if (breakOff) throw new Error('The file ends here.')
    },
  }
}

test('the log is kept for an hour, and a watcher that comes later is told', async () => {
  const { clock, open } = setUp()
  const engine = await open()
  await using _ = start(engine)
  await putMany(engine, 5_000)
  await clock.advance(MINUTE_MS)
  await doAll(engine, put('later'))
  await clock.advance(58 * MINUTE_MS)
  expect(await watched(engine, 1, 5_001)).toHaveLength(5_001)
  await until(
    'what is older is compacted',
    async () => {
      await clock.advance(MINUTE_MS)
      const batches = await watched(engine, 4_900, 5_001).catch((error: unknown) => error)
      return batches instanceof Error ? true : undefined
    },
    { withinMs: 10_000 },
  )
  await expect(watched(engine, 1, 5_001)).rejects.toMatchObject({ code: 'compacted' })
  expect(await watched(engine, 5_001, 5_001)).toHaveLength(1)
}, 60_000)

test('a delete by prefix gives way to others while it looks for the keys', async () => {
  const { folder, clock } = setUp()
  let turns = 0
  const io = {
    ...systemClock,
    after: (ms: number, act: () => void) => {
      if (ms === 0) turns += 1
      return systemClock.after(ms, act)
    },
  }
  const options = { folder, clock, io, random: seededRandom(1), log: silentLog }
  await using engine = await openLmdbEngine(options)
  await putMany(engine, 5_000)
  turns = 0
  const deletes = ['k/1', 'k/'].map((prefix) =>
    doAll(engine, { kind: 'delete_prefix', prefix } as const),
  )
  const results = await Promise.all(deletes)
  expect(results.map(({ results: [result] }) => result)).toEqual([
    { kind: 'deleted', count: 1_111 },
    { kind: 'deleted', count: 3_889 },
  ])
  expect(turns).toBeGreaterThan(6)
})

test('what a restore replaced, and what one left that broke off, is swept', async () => {
  const { folder, open } = setUp()
  {
    await using engine = await open()
    await doAll(engine, put('a', '1'))
    const never = new AbortController().signal
    await expect(engine.restore(sourceOf(5_000, true), never)).rejects.toThrow('ends here')
    expect(await contentOf(engine)).toEqual({ a: '1' })
  }
  expect((await countKeys(folder))['kv']).toBeGreaterThan(3_000)
  {
    const engine = await open()
    const running = start(engine)
    const { revision } = await engine.restore(sourceOf(3_000), new AbortController().signal)
    expect(await engine.revision()).toBe(revision)
    expect(Object.keys(await contentOf(engine))).toHaveLength(3_000)
    await new Promise((resolve) => {
      systemClock.after(2_500, () => {
        resolve(undefined)
      })
    })
    await running[Symbol.asyncDispose]()
  }
  expect(await countKeys(folder)).toEqual({ kv: 3_000, leased: 500, leases: 1 })
}, 60_000)
