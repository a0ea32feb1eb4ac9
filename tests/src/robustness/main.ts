/**
 * `npm run robustness`: a cluster under faults and load for minutes, and whether all that its
 * clients saw can be.
 *
 *     npm run robustness -- --minutes 10            another seed each time, told at the start
 *     npm run robustness -- --minutes 10 --seed 7   the same faults and requests again
 *
 * @module
 */

import { parseArgs } from 'node:util'
import { systemRandom } from '@rollcall/runtime'
import { describeRun } from './report/lines.ts'
import { run } from './run.ts'

const USAGE = 'Usage: npm run robustness -- [--minutes N] [--seed S]'

// What runs is ended when this process exits, which a signal alone would not do.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    process.exit(1)
  })
}

process.exitCode = await main()

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2))
  if (!options) {
    say(USAGE)
    return 2
  }
  const { minutes, seed } = options
  say(`seed ${seed}, ${minutes} min`)
  const report = await run({ seed, lastsMs: minutes * 60_000, note: say })
  for (const line of describeRun(report)) say(line)
  const isWell = report.findings.every(({ problems }) => problems.length === 0)
  say(
    isWell ? 'passed' : `FAILED; again: npm run robustness -- --minutes ${minutes} --seed ${seed}`,
  )
  return isWell ? 0 : 1
}

function optionsOf(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { minutes: { type: 'string', default: '3' }, seed: { type: 'string' } },
    })
    const minutes = Number(values.minutes)
    const seed = Number(values.seed ?? Math.floor(systemRandom() * 2 ** 31))
    return minutes > 0 && Number.isSafeInteger(seed) ? { minutes, seed } : undefined
  } catch {
    return undefined
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
