import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, silentLog, start, systemClock } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { expect, onTestFinished, test } from 'vitest'
import { openLmdbEngine } from './index.ts'

const TTL_MS = 2_000

test('no lease ends before the engine runs, and each has its full ttl from then on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-terms-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const clock = new FakeClock()
  const options = { folder, clock, io: systemClock, random: seededRandom(1), log: silentLog }
  const before = await openLmdbEngine(options)
  const { id } = await before.leases.grant({ ttlMs: TTL_MS })
  await before[Symbol.asyncDispose]()

  await using engine = await openLmdbEngine(options)
  await clock.advance(10 * TTL_MS)
  await using _ = start(engine)
  expect(await engine.leases.timeToLive(id)).toEqual({ id, ttlMs: TTL_MS, remainingMs: TTL_MS })
  await clock.advance(TTL_MS - 1)
  expect(await engine.leases.timeToLive(id)).toMatchObject({ id })
})
