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
    await doAll(engine, put('a', '2'), remove('gone'))
    const before = (await engine.range({ prefix: '', limit: 10 })).entries.map(plain)
    await stop()
    const { engine: again } = await live(kind, home)
    expect(await again.revision()).toBe(revision + 1)
    expect((await again.range({ prefix: '', limit: 10 })).entries.map(plain)).toEqual(before)
    expect(await doAll(again, put('b'))).toMatchObject({ revision: revision + 2 })
    const batches = await watched(again, revision + 1, revision + 2)
    expect(batches.map(inShort)).toEqual([
      [revision + 1, '+a=2', '-gone'],
      [revision + 2, '+b='],
    ])
    await again.leases.revoke(lease.id)
    expect(Object.keys(await contentOf(again))).toEqual(['a', 'b'])
  })

  test('after reopening every lease has its full ttl', async () => {
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
    expect((await watched(again, revision + 1, revision + 1)).map(inShort)).toEqual([
      [revision + 1, '-a'],
    ])
  })

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
    expect(await again.revision()).toBe(revision + 1)
    await expect(watched(again, revision, revision)).rejects.toMatchObject({ code: 'compacted' })
  })
}
