import { systemClock } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { busyShare, cpuUse } from './cpu-time.ts'

const times = (busy: number, idle: number) => ({ user: busy, nice: 0, sys: 0, idle, irq: 0 })

test('a core is busy for what it is not idle', () => {
  expect(busyShare(times(100, 900), times(400, 1_000))).toBeCloseTo(0.75)
  expect(busyShare(times(1, 1), times(1, 1))).toBe(0)
})

test('a process that does nothing but compute takes what it can get', () => {
  const use = cpuUse(process.pid)
  const untilMs = systemClock.monotonicMs() + 200
  while (systemClock.monotonicMs() < untilMs);
  const used = use()
  expect(used.process).toBeGreaterThan(0.05)
  expect(Math.max(...used.cores)).toBeGreaterThan(0.3)
})
