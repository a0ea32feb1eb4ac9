/**
 * The command line of the soak.
 *
 * @module
 */

import { parseArgs } from 'node:util'

export const SUITES = ['instances', 'pressure', 'cluster', 'catalog', 'etcd'] as const
export type Suite = (typeof SUITES)[number]

export interface Options {
  readonly suite: Suite
  readonly minutes: number
  readonly instances: number
  /** Of `pressure`: how many long polls wait at once. */
  readonly polls: number
  /** Of `catalog`: how often the node is killed. */
  readonly rounds: number
  /** Of `catalog`: decides its moments; absent: drawn, and told. */
  readonly seed?: number
}

export const USAGE = `Usage: npm run soak -- SUITE [--minutes N] [--instances N] [--polls N] [--rounds N] [--seed N]

  instances   one node under churn; figures go to docs/soak-instances.csv and .svg
  pressure    one node under very many long polls at once
  cluster     three nodes that are cut, killed, stopped and restarted in turn
  catalog     one node under load that is killed at random moments, then a long life of it
  etcd        the contract of engines on two versions of etcd, of one and of three members

  --minutes   of all but pressure: how long, 30 by default; the figures of less go to .cache
  --instances of instances and cluster: how many there are, 10,000 by default
  --polls     of pressure: how many wait, 50,000 by default
  --rounds    of catalog: how often it is killed before its long life, 200 by default
  --seed      of catalog: decides the moments; drawn, and told, where nothing is said
`

/** Below this a fifth of the instances is too few to churn. */
const INSTANCES_MIN = 1_000

/** Reads the arguments. Throws with what is wrong, told for people. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      minutes: { type: 'string', default: '30' },
      instances: { type: 'string', default: '10000' },
      polls: { type: 'string', default: '50000' },
      rounds: { type: 'string', default: '200' },
      seed: { type: 'string' },
    },
  })
  const [name, ...more] = positionals
  const suite = SUITES.find((known) => known === name)
  if (!suite || more.length > 0) throw new Error(`Say one suite: ${SUITES.join(', ')}.`)
  return {
    suite,
    minutes: positive('--minutes', values.minutes, 1),
    instances: positive('--instances', values.instances, INSTANCES_MIN),
    polls: positive('--polls', values.polls, 1),
    rounds: positive('--rounds', values.rounds, 1),
    ...(values.seed !== undefined && { seed: positive('--seed', values.seed, 0) }),
  }
}

function positive(name: string, text: string, least: number): number {
  const value = Number(text)
  if (Number.isFinite(value) && value >= least) return value
  throw new Error(`${name} is a number from ${least} on; "${text}" is none.`)
}
