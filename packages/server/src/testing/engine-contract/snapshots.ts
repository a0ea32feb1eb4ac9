/**
 * Snapshots are one point in time, and a restore is one step: on any engine, from any engine.
 *
 * @module
 */

import { seededRandom, silentLog } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import type { Engine, KeyValue, Lease, Restorable } from '../../catalog/engine.ts'
import { createMemoryEngine } from '../../engines/memory/index.ts'
import {
  bytes,
  contentOf,
  doAll,
  expectNothingSince,
  live,
  plain,
  put,
  watched,
  type EngineKind,
} from './home.ts'

const never = new AbortController().signal

export function snapshotContract(kind: EngineKind): void {
  test('a snapshot is one point in time, whatever is written while it is read', async () => {
    const { engine } = await live(kind)
    const lease = await engine.leases.grant({ ttlMs: 60_000 })
    await fill(engine, 2_500, 'before')
    const { revision } = await doAll(engine, put('leased', 'before', lease.id))
    const { entries: before } = await engine.range({ prefix: '', limit: 10_000 })
    await using snapshot = await engine.snapshot()
    expect(snapshot.revision).toBeGreaterThanOrEqual(revision)
    expect(snapshot.revision).toBeLessThanOrEqual(await engine.revision())
    expect(snapshot.leases).toEqual([lease])
    const seen: KeyValue[] = []
    for await (const page of snapshot.pages()) {
      expect(page.length).toBeLessThanOrEqual(1_000)
      seen.push(...page)
      await doAll(engine, put('k/000000', 'after'), put('k/002499', 'after'), put('new', 'after'))
      if (seen.length === page.length) await engine.leases.revoke(lease.id)
    }
    expect(seen.map(plain)).toEqual(before.map(plain))
    expect(await contentOf(engine, 'new')).toEqual({ new: 'after' })
  })

  test('pages of large values are small', async () => {
    const { engine } = await live(kind)
    for (let at = 0; at < 5; at += 1) {
      const value = Buffer.alloc(700_000)
      await engine.commit({ compares: [], then: [{ kind: 'put', key: `k/${at}`, value }] })
    }
    await using snapshot = await engine.snapshot()
    const sizes: number[] = []
    for await (const page of snapshot.pages()) sizes.push(page.length)
    expect(sizes).toEqual([2, 2, 1])
  })

  test.each(['from it into another', 'from another into it', 'into itself'])(
    'a snapshot restored %s gives the same content, greater revisions and full leases',
    async (way) => {
      const own = await live(kind)
      const other = memory()
      const from = way === 'from another into it' ? other : own.engine
      const into = way === 'from it into another' ? other : own.engine
      const lease = await from.leases.grant({ ttlMs: 60_000 })
      const { revision } = await doAll(from, put('a', '1'), put('b\u{1f600}', '2', lease.id))
      await doAll(from, put('a', '3'))
      await using snapshot = await from.snapshot()
      await doAll(from, put('after', ''))
      if (into !== from) await doAll(into, put('old'), ...['x', 'y', 'z'].map((key) => put(key)))
      const oldest = Math.max(await into.revision(), await from.revision())
      const restored = await into.restore(snapshot, never)
      expect(restored.revision).toBeGreaterThan(oldest)
      expect(await into.revision()).toBeGreaterThanOrEqual(restored.revision)
      const { entries } = await into.range({ prefix: '', limit: 10 })
      expect(entries.map(plain)).toMatchObject([
        { key: 'a', value: '3', lease: 0 },
        { key: 'b\u{1f600}', value: '2', lease: lease.id },
      ])
      for (const { createRevision, modRevision } of entries) {
        expect(createRevision).toBe(modRevision)
        expect(modRevision).toBeGreaterThan(oldest)
        expect(modRevision).toBeLessThanOrEqual(restored.revision)
      }
      const compare = { kind: 'revision', key: 'a', of: 'mod', is: '=' } as const
      const { succeeded, revision: next } = await into.commit({
        compares: [{ ...compare, revision: entries[0]?.modRevision ?? 0 }],
        then: [put('a', '4')],
      })
      expect(succeeded).toBe(true)
      expect(next).toBeGreaterThan(restored.revision)
      expect(restored.revision).toBeGreaterThan(revision)
      const left = (await into.leases.timeToLive(lease.id))?.remainingMs ?? 0
      expect(left).toBeGreaterThan(58_000)
      await into.leases.revoke(lease.id)
      expect(await contentOf(into)).toEqual({ a: '4' })
    },
  )

  test.each(Object.entries(badSources()))(
    'a restore does all or nothing: %s',
    async (_, { source, code }) => {
      const { engine } = await live(kind)
      const lease = await engine.leases.grant({ ttlMs: 60_000 })
      const { revision } = await doAll(engine, put('a', '1', lease.id))
      const restoring = engine.restore(source, never)
      await expect(restoring).rejects.toMatchObject(code === undefined ? {} : { code })
      expect(await contentOf(engine)).toEqual({ a: '1' })
      expect((await engine.leases.keepAlive([lease.id, 77]))[1]).toBeUndefined()
      await expectNothingSince(engine, revision)
      const good = { revision: 5, leases: [], pages: pagesOf([[entry('new', 0)]]) }
      await engine.restore(good, never)
      expect(Object.keys(await contentOf(engine))).toEqual(['new'])
    },
  )

  test('a restore that is called off changes nothing', async () => {
    const { engine } = await live(kind)
    await doAll(engine, put('a', '1'))
    const stop = new AbortController()
    const source = {
      revision: 1,
      leases: [],
      async *pages() {
        yield [entry('b', 0)]
        stop.abort()
        yield [entry('c', 0)]
      },
    }
    const restoring = engine.restore(source, stop.signal)
    await expect(restoring).rejects.toMatchObject({ code: 'unavailable' })
    expect(await contentOf(engine)).toEqual({ a: '1' })
  })

  test('while a restore runs commits go on, a second one is refused, and watches end with it', async () => {
    const { engine } = await live(kind)
    const { revision } = await doAll(engine, put('a', '1'))
    let hasBegun = () => {}
    const begun = new Promise<void>((resolve) => {
      hasBegun = resolve
    })
    let goOn = () => {}
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const source = {
      revision: revision + 500,
      leases: [],
      async *pages() {
        yield [entry('b', 0)]
        hasBegun()
        await waiting
        yield [entry('c', 0)]
      },
    }
    const restoring = engine.restore(source, never)
    await begun
    const watching = watched(engine, revision + 1, Number.MAX_SAFE_INTEGER)
    watching.catch(() => {})
    expect((await doAll(engine, put('a', '2'))).revision).toBeGreaterThan(revision)
    expect(await contentOf(engine)).toEqual({ a: '2' })
    await expect(engine.restore(source, never)).rejects.toMatchObject({ code: 'unavailable' })
    goOn()
    const restored = await restoring
    expect(restored.revision).toBeGreaterThan(revision + 500)
    expect(restored.lostRevisions).toBe(1)
    await expect(watching).rejects.toMatchObject({ code: 'generation_changed' })
    expect(Object.keys(await contentOf(engine))).toEqual(['b', 'c'])
  })

  test('revisions and generations only grow, through one restore after the other', async () => {
    const { engine } = await live(kind)
    let newest = 0
    let { generation } = engine.status()
    for (let times = 0; times < 3; times += 1) {
      const { revision } = await doAll(engine, put(`k/${times}`))
      expect(revision).toBeGreaterThan(newest)
      await using snapshot = await engine.snapshot()
      expect(snapshot.generation).toBe(generation)
      const restored = await engine.restore(snapshot, never)
      newest = restored.revision
      expect(newest).toBeGreaterThan(revision)
      expect(restored.generation).toBeGreaterThan(generation)
      expect(restored.lostRevisions).toBe(0)
      generation = restored.generation
      expect(engine.status().generation).toBe(generation)
    }
    expect(Object.keys(await contentOf(engine))).toEqual(['k/0', 'k/1', 'k/2'])
  })
}

type Entry = Pick<KeyValue, 'key' | 'value' | 'lease'>

const entry = (key: string, lease: number): Entry => ({ key, value: bytes(''), lease })

function pagesOf(pages: readonly (readonly Entry[])[]): Restorable['pages'] {
  return async function* () {
    for (const page of pages) yield await Promise.resolve(page)
  }
}

interface BadSource {
  readonly source: Restorable
  readonly code?: string
}

function badSources(): Record<string, BadSource> {
  const lease: Lease = { id: 77, ttlMs: 5_000 }
  const from = (...keys: string[]): Restorable => ({
    revision: 1,
    leases: [lease],
    pages: pagesOf([keys.map((key) => entry(key, 77))]),
  })
  const code = 'invalid_argument'
  return {
    'keys out of order': { source: from('b', 'a'), code },
    'a key twice': { source: from('a', 'a'), code },
    'a key that is no text': { source: from('a', '\ud800'), code },
    'a lease that is not listed': { source: { ...from('a'), leases: [] }, code },
    'a lease twice': { source: { ...from('a'), leases: [lease, lease] }, code },
    'a revision that is none': { source: { ...from('a'), revision: 0.5 }, code },
    'a revision that leaves no room': {
      source: { ...from('a'), revision: Number.MAX_SAFE_INTEGER },
      code,
    },
    'a source that breaks off': {
      source: {
        ...from(),
        async *pages() {
          yield await Promise.resolve([entry('a', 77)])
          throw new Error('The file ends here.')
        },
      },
    },
  }
}

function memory(): Engine {
  return createMemoryEngine({ clock: new FakeClock(), random: seededRandom(7), log: silentLog })
}

async function fill(engine: Engine, count: number, value: string): Promise<void> {
  const name = (at: number) => `k/${String(at).padStart(6, '0')}`
  await doAll(engine, ...Array.from({ length: count }, (_, at) => put(name(at), value)))
}
