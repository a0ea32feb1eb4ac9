import { expect, test } from 'vitest'
import type { Row } from '../suite/scenario.ts'
import { figureText, lineOf, numberText, tableOf } from './table.ts'

const row: Row = {
  scenario: 'renew',
  measure: 'renew',
  ours: { value: 21_234.6, unit: '/s' },
  theirs: { value: 10_000, unit: '/s' },
  ratio: 2.123,
  target: '≥ 2 ×',
  met: true,
  details: {},
}

test('lines stand under their heads, and misses stand out', () => {
  const alone: Row = {
    scenario: 'start',
    measure: 'ready after a start',
    ours: { value: 2_345.6, unit: ' ms' },
    target: '≤ 2,000 ms',
    met: false,
    details: {},
  }
  expect(tableOf([row, alone]).split('\n')).toEqual([
    '| measure             | ours     | theirs   | ratio  | target     |        |',
    '| ------------------- | -------- | -------- | ------ | ---------- | ------ |',
    '| renew               | 21,235/s | 10,000/s | 2.12 × | ≥ 2 ×      | met    |',
    '| ready after a start | 2,346 ms |          |        | ≤ 2,000 ms | MISSED |',
  ])
})

test('a row on its own leaves out what it has not', () => {
  expect(lineOf(row)).toBe('renew  |  21,235/s  |  10,000/s  |  2.12 ×  |  ≥ 2 ×  |  met')
})

test('numbers have the digits that mean something', () => {
  expect([0.123, 9.876, 12.34, 123.4, 12_345.6].map(numberText)).toEqual([
    '0.12',
    '9.88',
    '12.3',
    '123',
    '12,346',
  ])
  expect(figureText({ value: 1_000_000, unit: ' bytes' })).toBe('1,000,000 bytes')
})
