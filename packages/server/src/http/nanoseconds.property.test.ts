import fc from 'fast-check'
import { expect, test } from 'vitest'
import { setUpPlane } from '../testing/index.ts'
import { lastChangeOf, nanosecondsOf } from './nanoseconds.ts'
import { encodeWide } from './wide-json.ts'

const key = { env: 'default', service: 'web' }

test('milliseconds survive as nanoseconds, through text and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 8_640_000_000_000_000 }), (ms) => {
      const text = encodeWide(nanosecondsOf(ms))
      expect(text).toBe(ms === 0 ? '0' : `${ms}000000`)
      expect(BigInt(text) / 1_000_000n).toBe(BigInt(ms))
    }),
  )
})

test('a service that never changed has the time 0', () => {
  const { plane } = setUpPlane()
  expect(lastChangeOf(plane.snapshot(key))).toBe(0n)
})

test('every change has a greater time than the one before, however the wall clock goes', () => {
  const step = fc.record({ bendMs: fc.integer({ min: -5_000, max: 5_000 }), changes: fc.nat(5) })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const { plane, clock, register } = setUpPlane()
      let last = 0n
      let weight = 0
      for (const { bendMs, changes } of steps) {
        clock.bendWall(bendMs)
        for (let left = changes; left > 0; left -= 1) {
          weight += 1
          register({}, { weight })
          const now = lastChangeOf(plane.snapshot(key))
          expect(now > last && now >= nanosecondsOf(clock.wallMs())).toBe(true)
          last = now
        }
      }
    }),
  )
})

test('changes of one millisecond are told apart, and a later one begins anew', () => {
  const { plane, clock, register } = setUpPlane()
  const times: bigint[] = []
  for (const weight of [1, 2, 3]) {
    register({}, { weight })
    times.push(lastChangeOf(plane.snapshot(key)))
  }
  clock.advanceNow(1)
  register({}, { weight: 4 })
  times.push(lastChangeOf(plane.snapshot(key)))
  const ns = 1_700_000_000_000_000_000n
  expect(times).toEqual([ns, ns + 1n, ns + 2n, ns + 1_000_000n])
})

test('a renewal is no change', () => {
  const { plane, run, register, renew } = setUpPlane()
  register()
  const before = lastChangeOf(plane.snapshot(key))
  run(1_000)
  renew()
  register()
  expect(lastChangeOf(plane.snapshot(key))).toBe(before)
})
