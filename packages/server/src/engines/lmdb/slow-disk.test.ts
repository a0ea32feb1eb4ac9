import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, silentLog, start } from '@rollcall/runtime'
import { FakeClock, until } from '@rollcall/runtime/testing'
import { expect, onTestFinished, test } from 'vitest'
import { contentOf, doAll, inShort, put, watched } from '../../testing/engine-contract/home.ts'
import { openLmdbEngine } from './index.ts'

const TTL_MS = 5_000

/** An engine that begins a write only when the test lets it, by `io`. */
async function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-lmdb-slow-'))
  const clock = new FakeClock()
  const io = new FakeClock()
  const options = { folder, clock, io, random: seededRandom(1), log: silentLog }
  const engine = await openLmdbEngine(options)
  /** Lets writes begin until a promise is settled. */
  const finish = async <T>(promise: PromiseLike<T>): Promise<T> => {
    const state = { isDone: false }
    const done = Promise.resolve(promise).finally(() => {
      state.isDone = true
    })
    done.catch(() => {})
    while (!state.isDone) await io.advance(0)
    return await done
  }
  /** Lets a write begin. Nothing of it is answered before this turn of the event loop is over. */
  const begin = async () => {
    io.advanceNow(0)
    for (let hop = 0; hop < 20; hop += 1) await Promise.resolve()
  }
  onTestFinished(async () => {
    await finish(engine.close())
    rmSync(folder, { recursive: true, force: true })
  })
  return { engine, folder, clock, io, begin, finish }
}

test('a disk that does not answer is told, what it was asked is unknown, and it goes on when it does', async () => {
  const { engine, io, begin } = await setUp()
  const told: (string | undefined)[] = []
  engine.onStatus(() => told.push(engine.status().broken))
  const committing = doAll(engine, put('a', '1'))
  committing.catch(() => {})
  await begin()
  io.advanceNow(9_999)
  expect(engine.status().broken).toBeUndefined()
  io.advanceNow(1)
  expect(engine.status().broken).toContain('has not answered')
  await expect(doAll(engine, put('b', '2'))).rejects.toMatchObject({
    code: 'unavailable',
    details: { reason: 'not_responding' },
  })
  await expect(committing).rejects.toMatchObject({ code: 'outcome_unknown' })
  await until('the disk has answered', () => engine.status().broken === undefined || undefined, {
    withinMs: 10_000,
  })
  expect(told).toEqual([expect.stringContaining('has not answered'), undefined])
  expect((await watched(engine, 1, 1)).map(inShort)).toEqual([[1, '+a=1']])
  expect(await contentOf(engine)).toEqual({ a: '1' })
})

test('a lease that is renewed while its end waits for the disk goes on', async () => {
  const { engine, clock, finish } = await setUp()
  const { id } = await finish(engine.leases.grant({ ttlMs: TTL_MS }))
  await finish(doAll(engine, put('a', '1', id)))
  const running = start(engine)
  await clock.advance(TTL_MS)
  expect(await engine.leases.keepAlive([id])).toMatchObject([{ id }])
  await finish(doAll(engine, put('b')))
  expect(await contentOf(engine)).toEqual({ a: '1', b: '' })
  expect(await engine.leases.timeToLive(id)).toMatchObject({ remainingMs: TTL_MS })
  await finish(running[Symbol.asyncDispose]())
})

test('a renewal that comes when the end is on its way to the disk is told that it is too late', async () => {
  const { engine, clock, begin, finish } = await setUp()
  const { id } = await finish(engine.leases.grant({ ttlMs: TTL_MS }))
  await finish(doAll(engine, put('a', '1', id)))
  const running = start(engine)
  await clock.advance(TTL_MS)
  await begin()
  const renewing = engine.leases.keepAlive([id])
  expect(await finish(renewing)).toEqual([undefined])
  expect(await contentOf(engine)).toEqual({})
  await finish(running[Symbol.asyncDispose]())
})

test('a commit to a folder that has gone meanwhile is not acknowledged', async () => {
  const { engine, folder, io, finish } = await setUp()
  await finish(doAll(engine, put('a', '1')))
  await io.advance(1_001)
  renameSync(folder, `${folder}-away`)
  const committing = finish(doAll(engine, put('b', '2')))
  await expect(committing).rejects.toMatchObject({ code: 'outcome_unknown' })
  await expect(doAll(engine, put('c'))).rejects.toMatchObject({
    details: { reason: 'folder_gone' },
  })
  renameSync(`${folder}-away`, folder)
})
