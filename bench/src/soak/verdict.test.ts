import { describe, expect, test } from 'vitest'
import type { Sample } from './sampling.ts'
import { judge } from './verdict.ts'

const MIB = 2 ** 20
const MINUTES = 30

/** Half an hour of samples, with `more` of what is told of each second. */
function samplesOf(more: (second: number) => Partial<Sample>): readonly Sample[] {
  return Array.from({ length: MINUTES * 12 }, (_, at) => {
    const second = at * 5
    return {
      second,
      // Garbage comes and goes within a window.
      heapUsedBytes: (60 + (at % 6) * 5) * MIB,
      externalBytes: 20 * MIB,
      residentBytes: 200 * MIB,
      openFds: 200 + (at % 7),
      activeHandles: 200,
      records: 10_000,
      tombstones: 500,
      instances: 9_500,
      watchers: 100,
      longPolls: 100,
      loopDelayP99S: 0.01,
      ...more(second),
    }
  })
}

const rising = (perTenMinutes: number, second: number) => (perTenMinutes * second) / 600

describe('a soak', () => {
  test('passes when all is level, whatever garbage comes and goes', () => {
    const { passed, lines } = judge(samplesOf(() => ({})))
    expect([passed, lines]).toEqual([true, Array(3).fill(expect.stringMatching(/^flat /))])
  })

  test('passes when what has a limit was filled in the first half', () => {
    const filling = (second: number) => ({
      heapUsedBytes: (60 + Math.min(20, rising(20, second))) * MIB,
    })
    expect(judge(samplesOf(filling)).passed).toBe(true)
  })

  test.each<[string, (second: number) => Partial<Sample>]>([
    ['heap', (second) => ({ heapUsedBytes: (60 + rising(1.2, second)) * MIB })],
    ['buffers', (second) => ({ externalBytes: (20 + rising(4.5, second)) * MIB })],
    ['open files', (second) => ({ openFds: 200 + rising(20, second) })],
  ])('fails when its %s grow', (name, more) => {
    const { passed, lines } = judge(samplesOf(more))
    expect(passed).toBe(false)
    expect(lines.filter((line) => line.startsWith('GROWS'))).toEqual([
      expect.stringContaining(name),
    ])
  })
})
