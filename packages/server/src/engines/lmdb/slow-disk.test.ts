import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, silentLog } from '@rollcall/runtime'
import { FakeClock, until } from '@rollcall/runtime/testing'
import { expect, onTestFinished, test } from 'vitest'
import { contentOf, doAll, inShort, put, watched } from '../../testing/engine-contract/home.ts'
import { openLmdbEngine } from './index.ts'

/** An engine whose disk is slow as soon as the test lets ten seconds pass within one turn. */
async function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-lmdb-slow-'))
  const io = new FakeClock()
  const options = { folder, clock: new FakeClock(), io, random: seededRandom(1), log: silentLog }
  const engine = await openLmdbEngine(options)
  onTestFinished(async () => {
    const closing = engine.close()
    await io.advance(0)
    await closing
    rmSync(folder, { recursive: true, force: true })
  })
  return { engine, io }
}

test('a disk that does not answer is told, what it was asked is unknown, and it goes on when it does', async () => {
  const { engine, io } = await setUp()
  const told: (string | undefined)[] = []
  engine.onStatus(() => told.push(engine.status().broken))
  const committing = doAll(engine, put('a', '1'))
  committing.catch(() => {})
  // The write begins; nothing of it can be answered before this turn of the event loop is over.
  io.advanceNow(0)
  for (let hop = 0; hop < 20; hop += 1) await Promise.resolve()
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
