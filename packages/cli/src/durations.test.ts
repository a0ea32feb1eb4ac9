import { expect, test } from 'vitest'
import { formatDuration, parseDuration } from './durations.ts'

test.each([
  ['250', 250],
  ['250ms', 250],
  ['10s', 10_000],
  ['5m', 300_000],
  ['0', 0],
])('reads %s', (text, ms) => {
  expect(parseDuration(text, '--ttl')).toBe(ms)
})

test.each(['', 's', '1h', '-1s', '1.5s', '1 s', ' 1s', '1S', '0x10', '1e3', '9999999999999'])(
  'refuses %j and says what it is for',
  (text) => {
    expect(() => parseDuration(text, '--ttl')).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: `--ttl must be a duration such as 10s, 5m or 1500ms, not "${text}".`,
      }),
    )
  },
)

test.each([
  [300_000, '5 m'],
  [90_000, '90 s'],
  [1_500, '1500 ms'],
  [0, '0 s'],
])('shows %i', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})
