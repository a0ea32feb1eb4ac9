import { expect, test } from 'vitest'
import { topSelfTimes, type CpuProfile } from './cpu-profile.ts'

const frame = (functionName: string, url = '', lineNumber = -1) => ({
  functionName,
  url,
  lineNumber,
})

const profile: CpuProfile = {
  startTime: 5_000,
  nodes: [
    { id: 1, callFrame: frame('(idle)') },
    { id: 2, callFrame: frame('parse', 'file:///x/lib/json.js', 9) },
    { id: 3, callFrame: frame('', 'node:internal/timers', 4) },
    { id: 4, callFrame: frame('parse', 'file:///x/lib/json.js', 9) },
  ],
  samples: [3, 1, 2, 3, 4, 3],
  timeDeltas: [0, 1_000, 60, 20, 20, 500],
}
const WINDOW = { fromUs: 5_500, toUs: 6_200 }

test('adds up a function wherever it was called from, and leaves out idle time and other times', () => {
  expect(topSelfTimes(profile, WINDOW, 5)).toEqual([
    { name: 'parse lib/json.js:10', share: 0.8 },
    { name: '(anonymous) node:internal/timers:5', share: 0.2 },
  ])
})

test('keeps to the count', () => {
  expect(topSelfTimes(profile, WINDOW, 1)).toHaveLength(1)
})
