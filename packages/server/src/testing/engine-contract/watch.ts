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
  hasChanges,
  inShort,
  live,
  nextChange,
  put,
  remove,
  removeBelow,
  watched,
  type EngineKind,
} from './home.ts'

/** What the last commit puts. */
const END = 'end'

export function watchContract(kind: EngineKind): void {
  test('a watch brings each revision once, whole and in order, from the one asked for on', async () => {
    const { engine } = await live(kind)
    const first = await doAll(engine, put('a', '1'), put('b', '2'))
    const second = await doAll(engine, put('a', '3'), remove('b'))
    const third = await doAll(engine, put('p/1'), put('p/2'))
    await doAll(engine, remove('nothing'))
    const last = await doAll(engine, removeBelow('p/'))
    const all = [
      [first.revision, '+a=1', '+b=2'],
      [second.revision, '+a=3', '-b'],
      [third.revision, '+p/1=', '+p/2='],
      [last.revision, '-p/1', '-p/2'],
    ] as const
    for (const [skipped, [revision]] of all.entries()) {
      const batches = await watched(engine, revision, last.revision)
      expect(batches.map(inShort)).toEqual(all.slice(skipped))
    }
  })

  test('a change carries the entry as it became', async () => {
    const { engine } = await live(kind)
    const { revision } = await doAll(engine, put('a', '1'))
    const { id } = await engine.leases.grant({ ttlMs: 60_000 })
    const second = await doAll(engine, put('a', '2', id))
    const [, batch] = await watched(engine, revision, second.revision)
    expect(batch?.changes).toMatchObject([
      { entry: { createRevision: revision, modRevision: second.revision, lease: id } },
    ])
  })

  test('a watch that waits is told as soon as something changes', async () => {
    const { engine } = await live(kind)
    const from = (await engine.revision()) + 1
    const watching = collect(
      (signal) => engine.watch(from, signal),
      (batches) => batches.filter(hasChanges).length === 2,
    )
    const first = await doAll(engine, put('a'))
    const second = await doAll(engine, put('b'))
    expect((await watching).filter(hasChanges).map(inShort)).toEqual([
      [first.revision, '+a='],
      [second.revision, '+b='],
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
    const reading = Array.from({ length: 6 }, () => readInTurns(engine, { from, random }))
    const revisions: number[] = []
    for (let round = 0; round < 20; round += 1) {
      const puts = Array.from({ length: 20 }, (_, at) => {
        const operation = put(`k/${Math.floor(random() * 20)}`, `${round}/${at}`)
        return engine.commit({ compares: [], then: [operation, put('newest')], serial: 's' })
      })
      for (const { revision } of await Promise.all(puts)) revisions.push(revision)
    }
    const { revision: last } = await doAll(engine, put(END))
    const reference = (await watched(engine, from, last)).map(inShort)
    expect(reference.map(([revision]) => revision)).toEqual(
      [...revisions, last].toSorted((left, right) => left - right),
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
    const { revision: next } = await doAll(engine, put('b'))
    expect(await nextChange(engine, restored.revision + 1)).toEqual([next, '+b='])
  })
}

interface Reading {
  readonly from: number
  readonly random: () => number
}

/** Reads a few revisions, drops the watch in their middle, and goes on where it was, to the end. */
async function readInTurns(engine: Engine, { from, random }: Reading): Promise<readonly Batch[]> {
  const seen: Batch[] = []
  while (!seen.some(isEnd)) {
    const want = 1 + Math.floor(random() * 80)
    const next = (seen.at(-1)?.revision ?? from - 1) + 1
    const some = await collect(
      (signal) => engine.watch(next, signal),
      (batches) => batches.length >= want || batches.some(isEnd),
    )
    seen.push(...some)
  }
  return seen.filter(hasChanges)
}

function isEnd({ changes }: Batch): boolean {
  return changes.some((change) => change.kind === 'put' && change.entry.key === END)
}
