import { systemClock } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { paced } from './paced.ts'

test('calls as often as it should, without waiting for the answers', async () => {
  const release: (() => void)[] = []
  const called: number[] = []
  const sinceMs = systemClock.monotonicMs()
  const run = paced({ count: 50, perSecond: 1_000 }, (n) => {
    called.push(n)
    if (n === 49) for (const one of release) one()
    return n === 49 ? Promise.resolve() : new Promise((resolve) => release.push(resolve))
  })
  await run
  expect(called).toEqual(Array.from({ length: 50 }, (_, at) => at))
  expect(systemClock.monotonicMs() - sinceMs).toBeGreaterThanOrEqual(48)
})

test('ends with the first failure', async () => {
  const called: number[] = []
  const run = paced({ count: 1_000_000, perSecond: 1_000 }, (n) => {
    called.push(n)
    return n === 3 ? Promise.reject(new Error('refused')) : Promise.resolve()
  })
  await expect(run).rejects.toThrow('refused')
  expect(called.length).toBeLessThan(1_000)
})
