/**
 * `npm run bench`: measures our node and its peer on the same core, one after the other, from
 * another core, and prints one table. Several nodes on one etcd are the exception: all have all.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { join, relative } from 'node:path'
import { systemClock } from '@rollcall/runtime'
import { catalogScenarios } from './catalog/index.ts'
import { clusterScenarios } from './cluster/index.ts'
import { instanceScenarios } from './instances/index.ts'
import { Peers } from './suite/peers.ts'
import type { Bench, Row, Scenario } from './suite/scenario.ts'
import { parseOptions, USAGE, type Options } from './options.ts'
import { replicationScenarios } from './replication/index.ts'
import { resourceScenarios } from './resources/index.ts'
import { exitClean } from './tools/clean-exit.ts'
import { debianTools } from './tools/debian-packages.ts'
import { commitOf, machineOf } from './tools/machine.ts'
import { CACHE, RESULTS, ROOT } from './tools/paths.ts'
import { writeResult } from './tools/result-file.ts'
import { lineOf, tableOf } from './tools/table.ts'

const SUITES: Readonly<Record<string, readonly Scenario[]>> = {
  instances: instanceScenarios,
  replication: replicationScenarios,
  catalog: catalogScenarios,
  cluster: clusterScenarios,
  resources: resourceScenarios,
}
const PEER_SECONDS = { quick: 2, full: 8 }

exitClean()
process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions()
  if (!options) return 2
  const note = (line: string) => {
    console.log(`… ${line}`)
  }
  if (cpus().length < 2) throw new Error('The bench needs two cores: one measures the other.')
  if (options.build) build(note)
  const tools = await debianTools(note)
  const { quick, profiled, only, suite } = options
  const peers = new Peers(tools, quick ? PEER_SECONDS.quick : PEER_SECONDS.full)
  const commit = commitOf()
  const bench: Bench = { quick, profiled, tools, peers, note }
  const chosen = (SUITES[suite] ?? []).filter(
    ({ name }) => only.length === 0 || only.includes(name),
  )
  const { rows, failed } = await runAll(chosen, bench)
  console.log(`\n${tableOf(rows)}\n`)
  const file = writeResult(quick ? join(CACHE, 'bench-results') : RESULTS, {
    suite,
    date: new Date(systemClock.wallMs()).toISOString().slice(0, 10),
    commit,
    isQuick: quick,
    machine: machineOf(tools),
    rows,
  })
  console.log(`Details: ${relative(ROOT, file)}`)
  return failed ? 1 : 0
}

/** Runs one after the other. One that fails is told, and does not keep the others from running. */
async function runAll(
  scenarios: readonly Scenario[],
  bench: Bench,
): Promise<{ rows: readonly Row[]; failed: boolean }> {
  const rows: Row[] = []
  let failed = false
  for (const { name, about, run } of scenarios) {
    bench.note(`${name}: ${about}`)
    try {
      const made = await run(bench)
      rows.push(...made)
      for (const row of made) console.log(lineOf(row))
    } catch (error) {
      failed = true
      console.error(`${name} failed:`, error)
    }
  }
  return { rows, failed }
}

function readOptions(): Options | undefined {
  const suites = Object.entries(SUITES).map(([name, scenarios]) => [
    name,
    scenarios.map((scenario) => scenario.name),
  ])
  try {
    return parseOptions(
      process.argv.slice(2),
      Object.fromEntries(suites) as Record<string, readonly string[]>,
    )
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    return undefined
  }
}

function build(note: (line: string) => void): void {
  note('compiling what changed')
  const args = ['node_modules/typescript/bin/tsc', '-b', 'tsconfig.build.json']
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
}
