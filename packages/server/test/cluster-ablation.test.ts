/**
 * Takes the rules of the protocol away, one at a time, and sees that the simulator notices: so
 * nobody removes one as useless, and the checkers are known to see what the rules are for.
 *
 * @module
 */

import { afterEach, describe, expect, test } from 'vitest'
import { restoreAll } from './cluster-ablation-replace.ts'
import { NAIVE_FLAWS } from './cluster-ablation-naive.ts'
import { RULES, type Rule } from './cluster-ablation-rules.ts'
import type { Scenario } from './cluster-scenario.ts'
import { describeFailure, runScenario, type Outcome } from './cluster-scenarios.ts'

/** Chance may save a run from a missing rule, but not so many. */
const SEEDS = 12
/** So many runs that fail are enough. */
const FAILURES = 2

function runWith(change: () => void, scenario: Scenario, seed: number): Outcome {
  change()
  try {
    return runScenario(scenario, seed)
  } finally {
    restoreAll()
  }
}

/** Runs seeds until enough have failed as they should, and answers those that were run. */
function seedsThatFail({ given, remove, scenario, violated }: Rule): {
  readonly run: number[]
  readonly failed: number[]
} {
  const run: number[] = []
  const failed: number[] = []
  for (let seed = 1; seed <= SEEDS && failed.length < FAILURES; seed += 1) {
    const without = () => {
      given?.()
      remove()
    }
    const { violations } = runWith(without, scenario, seed)
    run.push(seed)
    if (violations.some(({ invariant }) => invariant === violated)) failed.push(seed)
  }
  return { run, failed }
}

afterEach(restoreAll)

function expectFailureWithout(rule: Rule): void {
  const { run, failed } = seedsThatFail(rule)
  expect(failed).toHaveLength(FAILURES)
  for (const seed of run) {
    const outcome = runWith(rule.given ?? (() => {}), rule.scenario, seed)
    expect(describeFailure(outcome)).toBe('')
  }
}

describe('each rule of the protocol is needed', () => {
  test.each(RULES)('$rule: else $scenario.name ends in $violated', (rule) => {
    expectFailureWithout(rule)
  })
})

describe('a broadcast to all is not enough', () => {
  test.each(NAIVE_FLAWS)('$finding, $rule: $scenario.name ends in $violated', (flaw) => {
    expectFailureWithout(flaw)
  })
})
