/**
 * A short run of `npm run robustness`: a cluster under load while its parts fail.
 *
 * @module
 */

import { systemRandom } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { describeRun } from './robustness/report/lines.ts'
import { run } from './robustness/run.ts'

const SEED = Number(process.env['SEED'] ?? Math.floor(systemRandom() * 2 ** 31))
const LASTS_MS = 25_000
/** A tenth of what a busy machine gets done. */
const DONE_MIN = 100

test(`what clients see of a cluster that fails under them can be (SEED=${SEED})`, async () => {
  const story: string[] = []
  const report = await run({ seed: SEED, lastsMs: LASTS_MS, note: (line) => story.push(line) })
  const told = [`seed ${SEED}`, ...story, ...describeRun(report)].join('\n')
  const problems = report.findings.flatMap((finding) => finding.problems)
  // Whoever sees it fail wants the story.
  expect({ told, problems }).toEqual({ told, problems: [] })
  expect(report.faults).not.toEqual([])
  expect(report.counts['done']).toBeGreaterThan(DONE_MIN)
}, 150_000)
