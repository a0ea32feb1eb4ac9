import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { deathsAllowed } from './machine-presence-bound.ts'

test.each([
  { online: 0, diedLately: 0, allowed: 3 },
  { online: 4, diedLately: 0, allowed: 3 },
  { online: 1, diedLately: 3, allowed: 0 },
  { online: 100, diedLately: 0, allowed: 15 },
  { online: 90, diedLately: 10, allowed: 5 },
  { online: 85, diedLately: 15, allowed: 0 },
  { online: 50, diedLately: 50, allowed: 0 },
])('$online online and $diedLately lately dead: $allowed more', ({ allowed, ...fleet }) => {
  expect(deathsAllowed(fleet)).toBe(allowed)
})

test('in one window no more than 15 % die, or three, however often it is asked', () => {
  const asks = fc.array(fc.nat({ max: 50 }), { maxLength: 50 })
  fc.assert(
    fc.property(fc.nat({ max: 10_000 }), asks, (size, wishes) => {
      let diedLately = 0
      for (const wish of wishes) {
        const online = size - diedLately
        diedLately += Math.min(wish, online, deathsAllowed({ online, diedLately }))
      }
      expect(diedLately).toBeLessThanOrEqual(Math.max(3, size * 0.15))
    }),
  )
})
