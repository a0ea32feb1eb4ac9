/**
 * Opening again what was closed.
 *
 * @module
 */

import { expect, test } from 'vitest'
import {
  contentOf,
  doAll,
  inShort,
  live,
  nextChange,
  plain,
  put,
  remove,
  watched,
  type EngineKind,
} from './home.ts'

export function reopeningContract(kind: EngineKind): void {
  test('an engine that has stopped does nothing more', async () => {
    const { engine, stop } = await live(kind)
    const { revision } = await doAll(engine, put('a'))
    const watching = watched(engine, revision + 1, revision + 1)
    watching.catch(() => {})
    await stop()
    const refusal = { code: 'shutting_down' }
    await expect(doAll(engine, put('b'))).rejects.toMatchObject(refusal)
    await expect(engine.range({ prefix: '', limit: 1 })).rejects.toMatchObject(refusal)
    await expect(engine.leases.grant({ ttlMs: 5_000 })).rejects.toMatchObject(refusal)
    await expect(engine.leases.keepAlive([1])).rejects.toMatchObject(refusal)
    await expect(engine.snapshot()).rejects.toMatchObject(refusal)
    await expect(watching).rejects.toMatchObject(refusal)
  })

  if (!kind.keeps) return

  test('after reopening everything is as it was, and revisions go on', async () => {
    const { engine, home, stop } = await live(kind)
    const lease = await engine.leases.grant({ ttlMs: 60_000 })
    const { revision } = await doAll(engine, put('a', '1'), put('gone'), put('l', '', lease.id))
    const second = await doAll(engine, put('a', '2'), remove('gone'))
    const before = (await engine.range({ prefix: '', limit: 10 })).entries.map(plain)
    await stop()
    const { engine: again } = await live(kind, home)
    expect(await again.revision()).toBeGreaterThanOrEqual(second.revision)
    expect((await again.range({ prefix: '', limit: 10 })).entries.map(plain)).toEqual(before)
    const third = await doAll(again, put('b'))
    expect(third.revision).toBeGreaterThan(second.revision)
    const batches = await watched(again, revision + 1, third.revision)
    expect(batches.map(inShort)).toEqual([
      [second.revision, '+a=2', '-gone'],
      [third.revision, '+b='],
    ])
    await again.leases.revoke(lease.id)
    expect(Object.keys(await contentOf(again))).toEqual(['a', 'b'])
  })

  test('after reopening leases are as what keeps them says', () =>
    kind.leasesRest ? leasesHaveTheirFullTtl(kind) : leasesWentOn(kind))

  test('what a restore brought is there after reopening, and what was before it is not', async () => {
    const { engine, home, stop } = await live(kind)
    await doAll(engine, put('a', '1'))
    await using snapshot = await engine.snapshot()
    await doAll(engine, put('old'))
    const { revision } = await engine.restore(snapshot, new AbortController().signal)
    await doAll(engine, put('b', '2'))
    await stop()
    const { engine: again } = await live(kind, home)
    expect(await contentOf(again)).toEqual({ a: '1', b: '2' })
    expect(await again.revision()).toBeGreaterThan(revision)
    await expect(watched(again, revision, revision)).rejects.toMatchObject({ code: 'compacted' })
  })
}

/** Nobody keeps them but the engine. */
async function leasesHaveTheirFullTtl(kind: EngineKind): Promise<void> {
  const { engine, home, stop } = await live(kind)
  const { id, ttlMs } = await engine.leases.grant({ ttlMs: 4_000 })
  const { revision } = await doAll(engine, put('a', '', id))
  await home.elapse(3_000)
  await stop()
  await home.elapse(10_000)
  const { engine: again } = await live(kind, home)
  await home.elapse(ttlMs - 500)
  expect(Object.keys(await contentOf(again))).toEqual(['a'])
  await home.elapse(500 + kind.lateMs)
  expect((await nextChange(again, revision + 1)).slice(1)).toEqual(['-a'])
}

/** What keeps them runs on. */
async function leasesWentOn(kind: EngineKind): Promise<void> {
  const { engine, home, stop } = await live(kind)
  const short = await engine.leases.grant({ ttlMs: 2_000 })
  const long = await engine.leases.grant({ ttlMs: 60_000 })
  const { revision } = await doAll(engine, put('a', '', short.id), put('b', '', long.id))
  await stop()
  await home.elapse(2_000 + kind.lateMs)
  const { engine: again } = await live(kind, home)
  expect((await nextChange(again, revision + 1)).slice(1)).toEqual(['-a'])
  expect(Object.keys(await contentOf(again))).toEqual(['b'])
  expect((await again.leases.timeToLive(long.id))?.remainingMs).toBeLessThan(59_000)
}
