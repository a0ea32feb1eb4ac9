import { expect, test } from 'vitest'
import { describeFailure, runScenario, SCENARIOS, type Outcome } from './cluster-scenarios.ts'
import { addOutcome, noTotals, overused } from './cluster-totals.ts'

/** `SEED=7` replays one seed of every scenario, `SEED=7 RUNS=100` goes on from there. */
function seeds({ usual }: { readonly usual: number }): number[] {
  const { SEED, RUNS } = process.env
  const first = Number(SEED ?? 1)
  const count = Number(RUNS ?? (SEED === undefined ? usual : 1))
  return Array.from({ length: count }, (_, at) => first + at)
}

const totals = noTotals()

function usualRuns({ name, isLong = false }: (typeof SCENARIOS)[number]): number {
  if (isLong) return 1
  return name.startsWith('chaos') ? 40 : 5
}

function mustHold(outcome: Outcome): void {
  addOutcome(totals, outcome)
  if (outcome.violations.length > 0) throw new Error(describeFailure(outcome))
}

for (const scenario of SCENARIOS) {
  test(`a cluster keeps its promises through ${scenario.name}`, () => {
    for (const seed of seeds({ usual: usualRuns(scenario) })) mustHold(runScenario(scenario, seed))
  })
}

test('exceptions are rare, and something happened', () => {
  expect(overused(totals)).toEqual([])
  if (totals.runs < 50) return
  const rare = [
    'claims',
    'hides',
    'evictions',
    'forwarded',
    'syncMessages',
    'overrides',
    'client left',
  ]
  expect(rare.filter((name) => (totals.counts[name] ?? 0) < totals.runs)).toEqual([])
})

test('the same seed is the same run', () => {
  const [chaos] = SCENARIOS.filter(({ name }) => name === 'chaos5')
  if (!chaos) throw new Error('chaos5 is gone')
  const run = () => {
    const { history } = runScenario(chaos, 3)
    return {
      faults: history.faults,
      seconds: history.seconds,
      finals: history.finals,
      events: [...history.keys.values()].map(({ clientEvents }) => clientEvents),
    }
  }
  expect(run()).toEqual(run())
})
