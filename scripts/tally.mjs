// @ts-check
/**
 * What counts as passed and failed, and how the sum of a run is printed.
 *
 * A test that did not run proves nothing. So a skipped or todo test is a failure here, and so is a
 * theme without tests, a test file that does not load, and a runner that fails after all its tests
 * have passed.
 *
 * @module
 */
import { formatSeconds } from './run-step.mjs'

/**
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {readonly string[]} problems One sentence each, for what the output does not show well.
 *
 * @typedef {Tally & { theme: string, durationMs: number }} Row
 *
 * @typedef {object} VitestReport The part that we read of what its JSON reporter writes.
 * @property {readonly {
 *   name: string,
 *   status: string,
 *   assertionResults: readonly { fullName: string, status: string }[],
 * }[]} testResults
 */

/**
 * Counts a check that passes or fails as a whole: a linter, a compiler.
 *
 * @param {string} how How it ended, for a sentence.
 * @param {boolean} isPassed
 * @returns {Tally}
 */
export function tallyCheck(how, isPassed) {
  return isPassed
    ? { passed: 1, failed: 0, problems: [] }
    : { passed: 0, failed: 1, problems: [`ended with ${how}`] }
}

/**
 * Counts the tests of a run of vitest.
 *
 * @param {VitestReport | undefined} report Undefined when it wrote none.
 * @param {string} how How the runner ended, for a sentence.
 * @param {boolean} isPassed Whether the runner itself was content.
 * @returns {Tally}
 */
export function tallyTests(report, how, isPassed) {
  const files = report?.testResults ?? []
  const tests = files.flatMap((file) => file.assertionResults)
  const passed = tests.filter((test) => test.status === 'passed').length
  const unrun = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed')
  const broken = files.filter(
    (file) =>
      file.status !== 'passed' && file.assertionResults.every((test) => test.status !== 'failed'),
  )
  const problems = [
    ...unrun.map((test) => `${test.status}, and must run: "${test.fullName}"`),
    ...broken.map((file) => `the file failed outside its tests: ${file.name}`),
    ...(report === undefined ? [`the runner wrote no report, and ended with ${how}`] : []),
    ...(report !== undefined && tests.length === 0 ? ['there are no tests'] : []),
  ]
  const failed = tests.filter((test) => test.status === 'failed').length + problems.length
  if (failed > 0 || isPassed) return { passed, failed, problems }
  return { passed, failed: 1, problems: [`all tests passed, yet the runner ended with ${how}`] }
}

/**
 * Adds up the rows of a run.
 *
 * @param {readonly Row[]} rows
 * @returns {{ passed: number, failed: number }}
 */
export function sumUp(rows) {
  return {
    passed: rows.reduce((sum, row) => sum + row.passed, 0),
    failed: rows.reduce((sum, row) => sum + row.failed, 0),
  }
}

/**
 * Prints the run as a table: a line for each theme, and one for all.
 *
 * @param {readonly Row[]} rows
 * @param {number} totalMs Measured, not added up: there is time between the themes.
 */
export function formatTable(rows, totalMs) {
  const lines = [
    ['theme', 'time', 'passed', 'failed'],
    ...rows.map((row) => [row.theme, formatSeconds(row.durationMs), row.passed, row.failed]),
    ['total', formatSeconds(totalMs), sumUp(rows).passed, sumUp(rows).failed],
  ]
  return lines
    .map(([theme, ...numbers]) =>
      [String(theme).padEnd(10), ...numbers.map((number) => String(number).padStart(9))].join(' '),
    )
    .join('\n')
}
