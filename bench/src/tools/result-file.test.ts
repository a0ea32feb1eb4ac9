import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Row } from '../suite/scenario.ts'
import { joined, writeResult, type Result } from './result-file.ts'

const row = (scenario: string, value: number): Row => ({
  scenario,
  measure: `how fast ${scenario} is`,
  ours: { value, unit: '/s' },
  target: 'none',
  details: { cpu: 0.987 },
})

const result = (rows: readonly Row[]): Result => ({
  suite: 'instances',
  date: '2026-01-02',
  commit: { id: 'abc', isDirty: false },
  isQuick: false,
  machine: {
    cores: 2,
    cpu: 'a cpu',
    memoryGiB: 4,
    kernel: '6.1',
    fileSystem: 'ext4',
    node: 'v20',
    etcd: '3.5.16',
    wrk: '4.1.0',
    h2load: '1.52.0',
  },
  rows,
})

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-result-'))
  const dispose = () => {
    rmSync(folder, { recursive: true })
  }
  return { folder, [Symbol.dispose]: dispose }
}

test('a scenario that is run again takes the place of its rows, and of no others', () => {
  using at = setUp()
  writeResult(at.folder, result([row('fetch', 1), row('renew', 2)]))
  const file = writeResult(at.folder, result([row('fetch', 3)]))
  expect(file).toBe(join(at.folder, 'instances-2026-01-02-abc.md'))
  const kept = JSON.parse(readFileSync(file.replace('.md', '.json'), 'utf8')) as Result
  expect(kept.rows.map(({ scenario, ours }) => [scenario, ours.value])).toEqual([
    ['renew', 2],
    ['fetch', 3],
  ])
  expect(readFileSync(file, 'utf8')).toContain('- etcd: 3.5.16')
  expect(readFileSync(file, 'utf8')).toContain('| how fast renew is |')
})

test('several rows of one scenario stay together', () => {
  expect(joined([row('a', 1), row('a', 2)], [row('b', 3)])).toHaveLength(3)
})
