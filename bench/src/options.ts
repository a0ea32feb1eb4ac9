/**
 * The command line of the bench.
 *
 * @module
 */

import { parseArgs } from 'node:util'

export interface Options {
  readonly suite: string
  /** Names of scenarios; empty: all. */
  readonly only: readonly string[]
  readonly quick: boolean
  readonly profiled: boolean
  /** Compile first, so that what runs is what is checked out. */
  readonly build: boolean
}

export const USAGE = `Usage: npm run bench -- SUITE [--only NAME,…] [--quick] [--profile] [--no-build]

  SUITE       instances, catalog, resources: one node; replication: three; cluster: two on an etcd
  --only      run these scenarios only
  --quick     short and small, to see that it works; results go to .cache/bench-results
  --profile   also write down where the time of our node goes, which costs some of it
  --no-build  measure what was compiled last
`

/** Reads the arguments. Throws with what is wrong, told for people. */
export function parseOptions(
  args: readonly string[],
  suites: Readonly<Record<string, readonly string[]>>,
): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      'no-build': { type: 'boolean', default: false },
    },
  })
  const [suite = '', ...more] = positionals
  const names = suites[suite]
  if (!names || more.length > 0) {
    throw new Error(`Say one suite: ${Object.keys(suites).join(', ')}.`)
  }
  const only = values.only.flatMap((list) => list.split(',')).filter((name) => name !== '')
  const unknown = only.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    throw new Error(`${suite} has no ${unknown.join(', ')}; it has ${names.join(', ')}.`)
  }
  const { quick, profile: profiled } = values
  return { suite, only, quick, profiled, build: !values['no-build'] }
}
