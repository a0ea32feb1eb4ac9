import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SlidingCount } from './sliding-count.ts'
import { SlidingMax } from './sliding-max.ts'

const WINDOW_MS = 800
const BUCKET_MS = 100

interface Step {
  readonly afterMs: number
  readonly action: 'add' | 'remove' | 'look'
  readonly pick: number
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.nat(120), fc.constantFrom(0, 700, 800, 900, 5_000)),
    action: fc.constantFrom('add' as const, 'add' as const, 'remove' as const, 'look' as const),
    pick: fc.nat(100),
  }),
  { maxLength: 60 },
)

/** The bucket of a time still counts at `nowMs`. */
const counts = (atMs: number, nowMs: number) =>
  Math.floor(nowMs / BUCKET_MS) - Math.floor(atMs / BUCKET_MS) <= 8

test('a sliding count is the number of what was added and not taken back within the window', () => {
  fc.assert(
    fc.property(steps, fc.nat(3_000), (all, startMs) => {
      const sliding = new SlidingCount(WINDOW_MS)
      let nowMs = startMs
      let added: number[] = []
      for (const { afterMs, action, pick } of all) {
        nowMs += afterMs
        if (action === 'add') {
          sliding.add(nowMs)
          added.push(nowMs)
        } else if (action === 'remove' && added.length > 0) {
          const atMs = added[pick % added.length] ?? 0
          sliding.remove(atMs, nowMs)
          added.splice(pick % added.length, 1)
        }
        added = added.filter((atMs) => counts(atMs, nowMs))
        expect(sliding.total(nowMs)).toBe(added.length)
        // The promise of the class: all of the window, nothing older than nine eighths of it.
        expect(added.every((atMs) => nowMs - atMs <= (WINDOW_MS * 9) / 8)).toBe(true)
      }
      expect(sliding.total(nowMs + (WINDOW_MS * 9) / 8)).toBe(0)
    }),
  )
})

test('a sliding count takes back nothing twice from an empty bucket, and nothing that is forgotten', () => {
  const sliding = new SlidingCount(WINDOW_MS)
  sliding.add(50)
  sliding.remove(50, 60)
  sliding.remove(50, 60)
  sliding.add(150)
  expect(sliding.total(160)).toBe(1)
  sliding.remove(50, 950)
  expect(sliding.total(950)).toBe(1)
})

test('a sliding maximum is the greatest level that stood within the window', () => {
  fc.assert(
    fc.property(steps, fc.nat(3_000), (all, startMs) => {
      const sliding = new SlidingMax(WINDOW_MS)
      let nowMs = startMs
      // Each level with the time at which it was left; the last one stands.
      const levels: { level: number; leftMs: number }[] = [{ level: 0, leftMs: Infinity }]
      for (const { afterMs, action, pick } of all) {
        nowMs += afterMs
        if (action !== 'look') {
          const last = levels.at(-1)
          if (last) last.leftMs = nowMs
          sliding.note(nowMs, pick)
          levels.push({ level: pick, leftMs: Infinity })
        }
        const standing = levels.filter(({ leftMs }) => leftMs === Infinity || counts(leftMs, nowMs))
        const max = Math.max(...standing.map(({ level }) => level))
        expect(sliding.max(nowMs)).toBe(max)
      }
    }),
  )
})
