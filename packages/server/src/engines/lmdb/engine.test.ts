import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, silentLog, systemClock } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { onTestFinished } from 'vitest'
import { runEngineContract } from '../../testing/engine-contract.ts'
import { openLmdbEngine } from './index.ts'

runEngineContract({
  name: 'lmdb',
  keeps: true,
  leasesRest: true,
  lateMs: 0,
  home: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-lmdb-'))
    onTestFinished(() => {
      rmSync(folder, { recursive: true, force: true })
    })
    const clock = new FakeClock()
    // Little memory, so that watchers need the log.
    const keepRevisions = 10
    const options = { folder, clock, io: systemClock, random: seededRandom(1), log: silentLog }
    return await Promise.resolve({
      open: () => openLmdbEngine({ ...options, keepRevisions }),
      elapse: (ms: number) => clock.advance(ms),
    })
  },
})
