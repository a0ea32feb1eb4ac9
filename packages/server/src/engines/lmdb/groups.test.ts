import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, silentLog, systemClock } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { expect, onTestFinished, test } from 'vitest'
import { turn } from '../../catalog/engine/slices.ts'
import { put } from '../../testing/engine-contract/home.ts'
import { openLmdbEngine } from './index.ts'

const HALF = 8
const ROUNDS = 20
/** How long a writer takes to come back. */
const TURNS = 4

async function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-lmdb-groups-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const groups: number[] = []
  const engine = await openLmdbEngine({
    folder,
    clock: new FakeClock(),
    io: systemClock,
    random: seededRandom(1),
    log: silentLog,
    reports: { grouped: (commits) => groups.push(commits), expired: () => {} },
  })
  return { engine, groups }
}

test('writers who came in two halves are in one group before long', async () => {
  const { engine, groups } = await setUp()
  await using _ = engine
  const write = async (id: string) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await engine.commit({ compares: [], then: [put(`${id}/${round}`)] })
      for (let turns = 0; turns < TURNS; turns += 1) await turn(systemClock)
    }
  }
  const startHalf = (name: string) =>
    Array.from({ length: HALF }, (_each, at) => write(`k/${name}${at}`))
  const first = startHalf('a')
  await turn(systemClock)
  await turn(systemClock)
  await Promise.all([...first, ...startHalf('b')])
  expect(groups[0]).toBe(HALF)
  expect(Math.max(...groups)).toBe(2 * HALF)
})
