/**
 * `npm run simulate`: many seeds of the simulated cluster, on all cores.
 *
 *     npm run simulate                                   the tests of the simulator, as `npm test` runs them
 *     npm run simulate -- --seeds 10000 --nodes 5        chaos among five nodes
 *     npm run simulate -- --seeds 500                    all scenarios in turn
 *     npm run simulate -- --scenario partial --seed 7    one run again, with its story if it fails
 *
 * Fails when a run breaks an invariant, or when a stated exception is met in more than a
 * hundredth of the runs.
 *
 * @module
 */

import { fork, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { systemClock } from '@rollcall/runtime'
import {
  describeFailure,
  runScenario,
  scenarioNamed,
  SCENARIOS,
  summarizeFailure,
} from '../packages/server/test/cluster-scenarios.ts'
import type { Scenario } from '../packages/server/test/cluster-scenario.ts'
import {
  addOutcome,
  addTotals,
  noTotals,
  overused,
  type Totals,
} from '../packages/server/test/cluster-totals.ts'

/** What one worker tells after each few runs. */
interface Report {
  readonly totals: Totals
  readonly failures: readonly Failure[]
}

/** A run that failed: in a line, and with what led to it. */
interface Failure {
  readonly seed: number
  readonly line: string
  readonly story: string
}

interface Work {
  readonly scenarios: readonly Scenario[]
  readonly fromSeed: number
  readonly seeds: number
}

const REPORT_EVERY = 20
/** The first failures are told with what led to them, the others in a line each. */
const STORIES_SHOWN = 5
const PROGRESS_EVERY_RUNS = 100

const OPTIONS = {
  seeds: { type: 'string' },
  seed: { type: 'string' },
  nodes: { type: 'string' },
  scenario: { type: 'string' },
  workers: { type: 'string' },
  /** Of so many workers, which one this is; set by the first process for the others. */
  share: { type: 'string' },
} as const

await main()

async function main(): Promise<void> {
  if (process.argv.length === 2) {
    await runTests()
    return
  }
  const { values } = parseArgs({ options: OPTIONS })
  const work = workOf(values)
  if (typeof work === 'string') {
    console.error(work)
    process.exitCode = 2
  } else if (values.share !== undefined) doShare(work, values.share)
  else process.exitCode = await leadAll(work, Number(values.workers ?? availableParallelism()))
}

/** Names what to run; a string says what is wrong with the arguments. */
function workOf(values: Readonly<Record<string, string | undefined>>): Work | string {
  const { seed = '1', seeds = '1', nodes, scenario } = values
  const fromSeed = Number(seed)
  const count = Number(seeds)
  if (!(fromSeed >= 0 && count >= 1)) return '--seed and --seeds are whole numbers.'
  if (scenario === undefined && nodes === undefined) {
    return { scenarios: SCENARIOS.filter(({ isLong }) => isLong !== true), fromSeed, seeds: count }
  }
  const name = scenario ?? `chaos${nodes}`
  const known = scenarioNamed(name)
  if (known) return { scenarios: [known], fromSeed, seeds: count }
  const names = SCENARIOS.map((each) => each.name).join(', ')
  return `There is no scenario "${name}". There are: ${names}; --nodes is from 2 to 9.`
}

/** The tests of the simulator: `SEED=7 npm run simulate` replays a seed of each. */
async function runTests(): Promise<void> {
  const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
  const child = spawn(process.execPath, [vitest, 'run', '--project', 'simulator'], {
    stdio: 'inherit',
  })
  process.exitCode = await new Promise<number>((resolve) => {
    child.on('exit', (code) => {
      resolve(code ?? 1)
    })
  })
}

/** Runs what falls to this worker, and tells the first process. */
function doShare({ scenarios, fromSeed, seeds }: Work, share: string): void {
  const [mine = 0, of = 1] = share.split('/').map(Number)
  let totals = noTotals()
  let failures: Failure[] = []
  const report = () => {
    process.send?.({ totals, failures } satisfies Report)
    totals = noTotals()
    failures = []
  }
  for (let at = mine; at < seeds; at += of) {
    const scenario = scenarios[at % scenarios.length]
    if (!scenario) break
    const outcome = runScenario(scenario, fromSeed + at)
    addOutcome(totals, outcome)
    if (outcome.violations.length > 0) {
      const { seed } = outcome
      failures.push({ seed, line: summarizeFailure(outcome), story: describeFailure(outcome) })
    }
    if (totals.runs === REPORT_EVERY || failures.length > 0) report()
  }
  report()
}

/** Starts the workers, shows how far they are, and says how it ended. Answers the exit code. */
async function leadAll({ seeds }: Work, wanted: number): Promise<number> {
  const workers = Math.max(1, Math.min(wanted, seeds))
  const totals = noTotals()
  const failed: Failure[] = []
  const startedAtMs = systemClock.monotonicMs()
  let toldRuns = 0
  const take = ({ totals: more, failures }: Report) => {
    addTotals(totals, more)
    for (const failure of failures) {
      failed.push(failure)
      console.error(failed.length <= STORIES_SHOWN ? `\n${failure.story}\n` : failure.line)
    }
    if (totals.runs - toldRuns >= PROGRESS_EVERY_RUNS) {
      toldRuns = totals.runs
      const perS = (1_000 * totals.runs) / (systemClock.monotonicMs() - startedAtMs)
      const progress = `${totals.runs} of ${seeds} runs, ${perS.toFixed(1)} a second`
      console.log(`${progress}, ${totals.failed} failed`)
    }
  }
  const ends = await Promise.all(
    Array.from({ length: workers }, (_, at) => runWorker(`${at}/${workers}`, take)),
  )
  for (const { line } of failed.toSorted((left, right) => left.seed - right.seed)) {
    console.error(line)
  }
  return conclude(totals, ends)
}

function runWorker(share: string, take: (report: Report) => void): Promise<number> {
  const args = [...process.argv.slice(2), '--share', share]
  const worker = fork(fileURLToPath(import.meta.url), args)
  worker.on('message', (report) => {
    take(report as Report)
  })
  return new Promise((resolve) => {
    worker.on('exit', (code) => {
      resolve(code ?? 1)
    })
  })
}

function conclude(totals: Totals, ends: readonly number[]): number {
  const { runs, failed, exceptions, counts } = totals
  console.log(`${runs} runs, ${failed} failed`)
  const names = Object.entries(exceptions).map(([name, count]) => `${name}: ${count}`)
  console.log(`stated exceptions met: ${names.join(', ') || 'none'}`)
  const sums = Object.entries(counts).map(([name, count]) => `${name} ${count}`)
  console.log(`in all: ${sums.join(', ')}`)
  const toomany = overused(totals)
  for (const each of toomany) console.error(`too often: ${each}`)
  const isBroken = ends.some((code) => code !== 0)
  if (isBroken) console.error('a worker broke off')
  return failed > 0 || toomany.length > 0 || isBroken ? 1 : 0
}
