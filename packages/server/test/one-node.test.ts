import { expect, test } from 'vitest'
import { OneNodeWorld, type Tally } from './one-node-world.ts'

const MINUTE_MS = 60_000

/** `SEED=7` replays one seed, `SEED=7 RUNS=100` goes on from there. */
function seeds(): number[] {
  const { SEED, RUNS } = process.env
  const first = Number(SEED ?? 1)
  const count = Number(RUNS ?? (SEED === undefined ? 200 : 1))
  return Array.from({ length: count }, (_, at) => first + at)
}

/** Most runs are short; some outlast the ceiling of a service, a few that of the node. */
function lengthOf(seed: number): number {
  if (seed % 100 === 0) return 80 * MINUTE_MS
  return seed % 10 === 0 ? 15 * MINUTE_MS : 4 * MINUTE_MS
}

function runSeed(seed: number): Tally {
  const world = new OneNodeWorld({ seed, forMs: lengthOf(seed) })
  try {
    world.run()
  } catch (error) {
    const story = world.trace.join('\n  ')
    const message = `Seed ${seed} fails: ${String(error)}\nReplay with SEED=${seed}. Before that:\n  ${story}`
    throw new Error(message, { cause: error })
  }
  return world.tally
}

test('one node keeps its promises, whatever clients, operators and clocks do', () => {
  const tallies = seeds().map(runSeed)
  const sum = (kind: keyof Tally) => tallies.reduce((total, tally) => total + tally[kind], 0)
  // A simulation in which nothing happens proves nothing.
  if (tallies.length < 50) return
  const kinds = Object.keys(tallies[0] ?? {}) as (keyof Tally)[]
  expect(kinds.filter((kind) => sum(kind) < tallies.length)).toEqual([])
})

test('the same seed is the same run', () => {
  expect(runSeed(3)).toEqual(runSeed(3))
})
