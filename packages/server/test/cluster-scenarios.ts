/**
 * All scenarios by name, and how one is run.
 *
 * @module
 */

import { encodeMessage, MessageDecoder } from '../src/instances/replication/message-codec.ts'
import type { PeerMessage } from '../src/instances/replication/messages.ts'
import { violationsOf } from './cluster-checks.ts'
import { explanationOf } from './cluster-exceptions.ts'
import type { History } from './cluster-history.ts'
import { CHAOS_SCENARIOS, chaosAmong } from './cluster-scenarios-chaos.ts'
import { CLIENT_SCENARIOS } from './cluster-scenarios-clients.ts'
import { CRASH_SCENARIOS } from './cluster-scenarios-crash.ts'
import { NETWORK_SCENARIOS } from './cluster-scenarios-network.ts'
import { SIZE_SCENARIOS } from './cluster-scenarios-size.ts'
import type { Scenario } from './cluster-scenario.ts'
import { story } from './cluster-story.ts'
import type { Violation } from './cluster-violation.ts'
import { ClusterWorld } from './cluster-world.ts'

export const SCENARIOS: readonly Scenario[] = [
  ...CLIENT_SCENARIOS,
  ...CRASH_SCENARIOS,
  ...NETWORK_SCENARIOS,
  ...CHAOS_SCENARIOS,
  ...SIZE_SCENARIOS,
]

/** How a run ended. */
export interface Outcome {
  readonly scenario: string
  readonly seed: number
  readonly history: History
  /** What nothing explains; the run has failed if there is any. */
  readonly violations: readonly Violation[]
  /** Names of the stated exceptions that were met. */
  readonly exceptions: readonly string[]
}

/** The scenario of a name; of `chaosN` for any sensible N. Undefined for one that is not known. */
export function scenarioNamed(name: string): Scenario | undefined {
  const count = Number(/^chaos(\d+)$/.exec(name)?.[1])
  if (count >= 2 && count <= 9) return chaosAmong(count)
  return SCENARIOS.find((scenario) => scenario.name === name)
}

/** Passes messages through the real codec, as a wire would. */
function throughCodec(): (message: PeerMessage) => PeerMessage {
  const decoder = new MessageDecoder()
  return (message) => {
    const decoded = decoder.decode(encodeMessage(message))
    if (!decoded) throw new Error(`the codec refuses what it wrote: ${JSON.stringify(message)}`)
    return decoded
  }
}

/** Every so many seeds take the codec in. */
const CODEC_EVERY = 4

/** Runs one seed of a scenario to its end, and judges it. */
export function runScenario(scenario: Scenario, seed: number): Outcome {
  const { name, nodes, endS, heartbeatMs = 3_000, ttlMs = 9_000, weather } = scenario
  const world = new ClusterWorld({
    seed,
    nodes,
    heartbeatMs,
    ttlMs,
    ...(seed % CODEC_EVERY === 0 && { carry: throughCodec() }),
    ...(weather && { weather }),
  })
  scenario.plan(world)
  const history = world.finish(endS * 1_000)
  const { flapsMax, mayHold, check } = scenario
  const all = [
    ...violationsOf(history, { heartbeatMs, ttlMs, flapsMax, mayHold }),
    ...(check?.(history) ?? []),
  ]
  const exceptions = new Set<string>()
  const violations = all.filter((violation) => {
    const exception = explanationOf(violation, history)
    if (exception) exceptions.add(exception.name)
    return !exception
  })
  return { scenario: name, seed, history, violations, exceptions: [...exceptions] }
}

/** What to tell of a run that failed: what was wrong, how to see it again, and what led to it. */
export function describeFailure({ scenario, seed, history, violations }: Outcome): string {
  const [first] = violations
  if (!first) return ''
  const lines = violations.slice(0, 12).map((each) => `  ${textOf(each)}`)
  const replay = `npm run simulate -- --scenario ${scenario} --seed ${seed}`
  return [`${scenario} fails at seed ${seed}: ${replay}`, ...lines, story(history, first)].join(
    '\n',
  )
}

/** The same in one line: which run, and what was wrong first. */
export function summarizeFailure({ scenario, seed, violations }: Outcome): string {
  const [first] = violations
  return first ? `${scenario} ${seed}: ${textOf(first)}` : ''
}

function textOf({ invariant, atMs, node, key, what }: Violation): string {
  const where = [key, node && `at ${node}`].filter(Boolean).join(' ')
  return `${(atMs / 1_000).toFixed(2).padStart(7)} ${invariant}: ${where} ${what}`
}
