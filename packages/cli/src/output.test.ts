import { expect, test } from 'vitest'
import { jsonLine, plainText, tableLines, timeText } from './output.ts'

test('lays out columns without borders, colours or blanks at the end', () => {
  const lines = tableLines(
    ['SERVICE', 'UP'],
    [
      ['a', '1'],
      ['a-long-name', '20'],
    ],
  )
  expect(lines).toEqual(['SERVICE      UP', 'a            1', 'a-long-name  20'])
})

test('shows the headings when there is nothing', () => {
  expect(tableLines(['ID', 'ZONE'], [])).toEqual(['ID  ZONE'])
})

test('keeps one row on one line and shows what would steer the terminal', () => {
  expect(tableLines(['ID'], [['a\nb\u001b[31m']])).toEqual(['ID', 'a\\u000ab\\u001b[31m'])
})

test('shows control and direction characters of a text, but keeps its lines', () => {
  expect(plainText('a\nb\u001b[2J\u009b\u202ec\u007f')).toBe('a\nb\\u001b[2J\\u009b\\u202ec\\u007f')
  expect(plainText('naïve – 服务 ✓')).toBe('naïve – 服务 ✓')
})

test('JSON means the same after it was made plain', () => {
  const value = { 'k\u009b': 'v\u202e\u001b\n' }
  expect(JSON.parse(plainText(jsonLine(value)))).toEqual(value)
})

test('shows times to the second', () => {
  expect(timeText(1_700_000_000_123)).toBe('2023-11-14T22:13:20Z')
})
