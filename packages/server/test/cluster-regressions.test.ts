import { expect, test } from 'vitest'
import { describeFailure, runScenario, scenarioNamed } from './cluster-scenarios.ts'

/** Runs that once failed; `docs/simulator.md` says why. */
const RUNS: readonly (readonly [scenario: string, seed: number])[] = [
  ['skewReborn', 1],
  ['homeCrash', 3],
  ['partHomeAlone', 1],
  ['stall', 1],
  ['homeCrash', 4],
  ['rollingRestart', 4],
  ['deaf', 2],
  ['mute', 1],
  ['partial', 2],
  ['protectCrashDeploy', 11],
  ['chaos5', 5],
  ['chaos5', 22],
  ['partialRestart', 1],
  ['chaos5', 2116],
  ['chaos5', 168],
  ['chaos5', 1046],
  ['chaos5', 8309],
  ['chaos5', 575],
  ['chaos5', 60_351],
]

test.each(RUNS)('%s, seed %d, stays mended', (name, seed) => {
  const scenario = scenarioNamed(name)
  if (!scenario) throw new Error(`there is no scenario ${name}`)
  const outcome = runScenario(scenario, seed)
  expect(outcome.violations.length > 0 ? describeFailure(outcome) : 'none').toBe('none')
})
