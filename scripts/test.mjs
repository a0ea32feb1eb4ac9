// @ts-check
/**
 * `npm test`: everything that must hold, in one run with one exit code.
 *
 * Each theme runs whatever became of those before it, so that one run tells all. The last line of
 * the output is always `N passed, N failed`. `npm test -- unit process` runs only what is named.
 *
 * @module
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Child, describeEnd, stopRequests } from './child.mjs'
import { ROOT, StepFailure, formatSeconds } from './run-step.mjs'
import { fetchEtcd, setUp } from './setup.mjs'
import { formatTable, sumUp, tallyCheck, tallyTests } from './tally.mjs'
import { THEMES, reportOf, selectThemes } from './themes.mjs'

// Well above the quarter of an hour that a run should take: a theme that hangs must not keep the
// others' results from showing, and a slow machine must not fail a run that is sound.
const BUDGET_MS = 25 * 60_000
const STOP_WITHIN_MS = 10_000

process.exitCode = await main()

async function main() {
  const selected = selectThemes(process.argv.slice(2))
  if (typeof selected === 'string') {
    const names = [...new Set(THEMES.flatMap(({ name, group }) => [group, name]))]
    process.stderr.write(`There is no theme "${selected}". There are: ${names.join(', ')}.\n`)
    return 2
  }
  const rows = [runSetup(selected)]
  if (rows.every((row) => row.failed === 0)) {
    const leftMs = Math.max(0, BUDGET_MS - Math.ceil(performance.now()))
    const stop = AbortSignal.any([stopRequests(), AbortSignal.timeout(leftMs)])
    for (const theme of selected) rows.push(await runTheme(theme, stop))
  }
  return close(rows)
}

/**
 * @param {readonly import('./themes.mjs').Theme[]} selected
 * @returns {import('./tally.mjs').Row}
 */
function runSetup(selected) {
  announce('setup')
  const sinceMs = performance.now()
  /** @param {import('./tally.mjs').Tally} tally */
  const row = (tally) => ({ theme: 'setup', durationMs: performance.now() - sinceMs, ...tally })
  try {
    setUp()
    if (selected.some(({ needsEtcd }) => needsEtcd)) fetchEtcd()
    return row(tallyCheck('success', true))
  } catch (error) {
    if (error instanceof StepFailure) return row(tallyCheck(`"${error.message}"`, false))
    throw error
  }
}

/**
 * @param {import('./themes.mjs').Theme} theme
 * @param {AbortSignal} stop
 * @returns {Promise<import('./tally.mjs').Row>}
 */
async function runTheme(theme, stop) {
  announce(theme.name)
  const sinceMs = performance.now()
  // A report of an earlier run must not be counted for this one.
  rmSync(join(ROOT, reportOf(theme.name)), { force: true })
  mkdirSync(dirname(join(ROOT, reportOf(theme.name))), { recursive: true })
  const { how, isPassed } = stop.aborted
    ? { how: `no start: ${reasonOf(stop)}`, isPassed: false }
    : await runToEnd(theme, stop)
  const tally =
    theme.kind === 'check'
      ? tallyCheck(how, isPassed)
      : tallyTests(readReport(theme.name), how, isPassed)
  const row = { theme: theme.name, durationMs: performance.now() - sinceMs, ...tally }
  const verdict = tally.failed === 0 ? 'passed' : 'FAILED'
  console.log(`${theme.name}: ${verdict} in ${formatSeconds(row.durationMs)}`)
  return row
}

/**
 * @param {import('./themes.mjs').Theme} theme
 * @param {AbortSignal} stop
 */
async function runToEnd(theme, stop) {
  const runner = new Child({
    args: theme.args,
    env: process.env,
    stdin: 'ignore',
    stdout: 'inherit',
  })
  const halt = () => {
    void runner.stop({ graceMs: STOP_WITHIN_MS, to: 'group' })
  }
  stop.addEventListener('abort', halt, { once: true })
  const end = await runner.ended
  stop.removeEventListener('abort', halt)
  runner.killGroup() // what a test has left running must not disturb the next theme
  const how = stop.aborted ? reasonOf(stop) : describeEnd(end)
  return { how, isPassed: end.code === 0 && !stop.aborted }
}

/** @param {AbortSignal} stop */
function reasonOf(stop) {
  const isLate = stop.reason instanceof Error && stop.reason.name === 'TimeoutError'
  return isLate ? `the end of the ${BUDGET_MS / 60_000} minutes` : String(stop.reason)
}

/** @param {string} name */
function readReport(name) {
  try {
    const text = readFileSync(join(ROOT, reportOf(name)), 'utf8')
    return /** @type {import('./tally.mjs').VitestReport} */ (JSON.parse(text))
  } catch {
    return undefined // missing or cut short: the tally counts that as a failure
  }
}

/** @param {readonly import('./tally.mjs').Row[]} rows */
function close(rows) {
  const { passed, failed } = sumUp(rows)
  console.log('')
  for (const { theme, problems } of rows) {
    for (const problem of problems) console.log(`${theme}: ${problem}`)
  }
  console.log(`\n${formatTable(rows, performance.now())}\n`)
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

/** @param {string} name */
function announce(name) {
  console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 60 - name.length))}`)
}
