import { expect, test } from 'vitest'
import { formatTable, sumUp, tallyCheck, tallyTests } from './tally.mjs'

/** A report of one file whose tests ended as named. */
function report(...statuses: string[]) {
  const assertionResults = statuses.map((status, at) => ({ fullName: `test ${at}`, status }))
  const status = statuses.includes('failed') ? 'failed' : 'passed'
  return { testResults: [{ name: 'a.test.ts', status, assertionResults }] }
}

test('a check counts as one', () => {
  expect(tallyCheck('exit code 0', true)).toEqual({ passed: 1, failed: 0, problems: [] })
  expect(tallyCheck('exit code 2', false)).toEqual({
    passed: 0,
    failed: 1,
    problems: ['ended with exit code 2'],
  })
})

test('each test counts', () => {
  const tally = tallyTests(report('passed', 'failed', 'passed'), 'exit code 1', false)

  expect(tally).toEqual({ passed: 2, failed: 1, problems: [] })
})

test.each(['skipped', 'todo', 'pending', 'disabled'])('a %s test is a failure', (status) => {
  const tally = tallyTests(report('passed', status), 'exit code 0', true)

  expect(tally).toMatchObject({ passed: 1, failed: 1 })
  expect(tally.problems).toEqual([`${status}, and must run: "test 1"`])
})

test.each([
  ['an empty report', { testResults: [] }],
  ['a file without tests', report()],
])('no tests are a failure: %s', (_, empty) => {
  const tally = tallyTests(empty, 'exit code 0', true)

  expect(tally).toEqual({ passed: 0, failed: 1, problems: ['there are no tests'] })
})

test('a file that does not load is a failure beside those of its neighbours', () => {
  const broken = { name: 'b.test.ts', status: 'failed', assertionResults: [] }
  const both = { testResults: [...report('passed', 'failed').testResults, broken] }

  const tally = tallyTests(both, 'exit code 1', false)

  expect(tally).toMatchObject({ passed: 1, failed: 2 })
  expect(tally.problems).toEqual(['the file failed outside its tests: b.test.ts'])
})

test('a missing report is a failure, whatever the runner says', () => {
  expect(tallyTests(undefined, 'exit code 0', true)).toMatchObject({ passed: 0, failed: 1 })
})

test('a runner that fails after its tests have passed is a failure', () => {
  const tally = tallyTests(report('passed'), 'signal SIGKILL', false)

  expect(tally).toMatchObject({ passed: 1, failed: 1 })
  expect(tally.problems).toEqual(['all tests passed, yet the runner ended with signal SIGKILL'])
})

test('the table has a line for each theme and one for all, in columns', () => {
  const rows = [
    { theme: 'lint', durationMs: 1_249, passed: 1, failed: 0, problems: [] },
    { theme: 'simulator', durationMs: 61_000, passed: 120, failed: 3, problems: [] },
  ]

  expect(sumUp(rows)).toEqual({ passed: 121, failed: 3 })
  expect(formatTable(rows, 63_000).split('\n')).toEqual([
    'theme           time    passed    failed',
    'lint           1.2 s         1         0',
    'simulator     61.0 s       120         3',
    'total         63.0 s       121         3',
  ])
})
