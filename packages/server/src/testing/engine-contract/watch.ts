/**
 * What a watch promises: ordered, unique, reliable, atomic, resumable, and honest about what is
 * gone. It is not filtered here, and `revision()` is its bookmark.
 *
 * @module
 */

import { expect, test } from 'vitest'
import { seededRandom } from '@rollcall/runtime'
import type { Batch, Engine } from '../../catalog/engine.ts'
import {
  collect,
  doAll,
  inShort,
  live,
  put,
  remove,
  removeBelow,
  watched,
  type EngineKind,
} from './home.ts'

export function watchContract(kind: EngineKind): void {
  test('a watch brings each revision once, whole and in order, from the one asked for on', async () => {
    const { engine } = await live(kind)
    const { revision } = await doAll(engine, put('a', '1'), put('b', '2'))
    await doAll(engine, put('a', '3'), remove('b'))
    await doAll(engine, put('p/1'), put('p/2'))
    await doAll(engine, remove('nothing'))
    await doAll(engine, removeBelow('p/'))
    const all = [
      [revision, '+a=1', '+b=2'],
      [revision + 1, '+a=3', '-b'],
      [revision + 2, '+p/1=', '+p/2='],
      [revision + 3, '-p/1', '-p/2'],
    ]
    for (const skipped of all.keys()) {
      const batches = await watched(engine, revision + skipped, revision + 3)
      expect(batches.map(inShort)).toEqual(all.slice(skipped))
    }
  })

  test('a change carries the entry as it became', async () => {
    const { engine } = await live(kind)
    const { revision } = await doAll(engine, put('a', '1'))
    const { id } = await engine.leases.grant({ ttlMs: 60_000 })
    await doAll(engine, put('a', '2', id))
    const [, batch] = await watched(engine, revision, revision + 1)
    expect(batch?.changes).toMatchObject([
      { entry: { createRevision: revision, modRevision: revision + 1, lease: id } },
    ])
  })

  test('a watch that waits is told as soon as something changes', async () => {
    const { engine } = await live(kind)
    const from = (await engine.revision()) + 1
    const watching = watched(engine, from, from + 1)
    await doAll(engine, put('a'))
    await doAll(engine, put('b'))
    expect((await watching).map(inShort)).toEqual([
      [from, '+a='],
      [from + 1, '+b='],
    ])
  })

  test('a watch ends when it is told to, also while it waits', async () => {
    const { engine } = await live(kind)
    const stop = new AbortController()
    const batches: Batch[] = []
    const watching = (async () => {
      for await (const some of engine.watch((await engine.revision()) + 1, stop.signal)) {
        batches.push(...some)
      }
    })()
    stop.abort()
    await watching
    for await (const some of engine.watch(1, stop.signal)) batches.push(...some)
    expect(batches).toEqual([])
  })

  test('watchers that come, go, lag and resume all see one history', async () => {
    const seed = 20_261_130
    const random = seededRandom(seed)
    const { engine } = await live(kind)
    const from = (await engine.revision()) + 1
    const last = from + 399
    const reading = Array.from({ length: 6 }, () => readInTurns(engine, { from, last, random }))
    for (let revision = from; revision <= last; revision += 20) {
      const puts = Array.from({ length: 20 }, (_, at) => {
        const operation = put(`k/${Math.floor(random() * 20)}`, String(revision + at))
        return engine.commit({ compares: [], then: [operation, put('newest')], serial: 's' })
      })
      await Promise.all(puts)
    }
    const reference = (await watched(engine, from, last)).map(inShort)
    expect(reference.map(([revision]) => revision)).toEqual(
      Array.from({ length: 400 }, (_, at) => from + at),
    )
    for (const history of await Promise.all(reading)) {
      expect(history.map(inShort), `seed ${seed}`).toEqual(reference)
    }
  })

  test('what happened before a restore is not handed out after it', async () => {
    const { engine } = await live(kind)
    const { revision } = await doAll(engine, put('a'))
    const nothing = { revision: 0, leases: [], async *pages() {} }
    const restored = await engine.restore(nothing, new AbortController().signal)
    await expect(watched(engine, revision, revision)).rejects.toMatchObject({ code: 'compacted' })
    await doAll(engine, put('b'))
    const batches = await watched(engine, restored.revision + 1, restored.revision + 1)
    expect(batches.map(inShort)).toEqual([[restored.revision + 1, '+b=']])
  })
}

interface Reading {
  readonly from: number
  readonly last: number
  readonly random: () => number
}

/** Reads a few revisions, drops the watch in their middle, and goes on where it was. */
async function readInTurns(engine: Engine, { from, last, random }: Reading): Promise<Batch[]> {
  const seen: Batch[] = []
  let next = from
  while (next <= last) {
    const want = 1 + Math.floor(random() * 80)
    const some = await collect(
      (signal) => engine.watch(next, signal),
      (batches) => batches.length >= Math.min(want, last - next + 1),
    )
    seen.push(...some)
    next = (some.at(-1)?.revision ?? next - 1) + 1
  }
  return seen
}
