import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LOST_MS } from '../constants.ts'
import { Members } from './members.ts'

/** When each beat of one incarnation was sent: a later one later. */
const sending = fc
  .array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 8 })
  .map((gaps) => gaps.map((_, at) => gaps.slice(0, at + 1).reduce((sum, gap) => sum + gap, 0)))

/** Each beat at least once, some again, in any order and with any delay: what gossip brings. */
const gossip = sending.chain((sentAtMs) => {
  const beat = fc.record({ at: fc.nat(sentAtMs.length - 1), delayMs: fc.nat(4_000) })
  const all = fc.tuple(
    ...sentAtMs.map((_, at) => fc.record({ at: fc.constant(at), delayMs: fc.nat(4_000) })),
  )
  return fc
    .tuple(all, fc.array(beat, { maxLength: 6 }))
    .chain(([once, again]) => {
      const beats = [...once, ...again]
      return fc.shuffledSubarray(beats, { minLength: beats.length, maxLength: beats.length })
    })
    .map((beats) => ({ sentAtMs, beats }))
})

test('the order and repetition of beats of one incarnation do not matter for when it was heard', () => {
  fc.assert(
    fc.property(gossip, ({ sentAtMs, beats }) => {
      const members = new Members(0)
      let nowMs = Math.max(...sentAtMs)
      for (const { at, delayMs } of beats) {
        nowMs += delayMs
        const ageMs = nowMs - (sentAtMs[at] ?? 0)
        members.hear({ node: 'n2', inc: 7, counter: at + 1, ageMs }, nowMs)
      }
      const lastMs = sentAtMs.at(-1) ?? 0
      expect(members.silentMs('n2', nowMs)).toBe(nowMs - lastMs)
      expect(members.isAlive('n2', nowMs)).toBe(nowMs - lastMs < LOST_MS)
      expect(members.beats(nowMs)).toEqual([
        { node: 'n2', inc: 7, counter: sentAtMs.length, ageMs: nowMs - lastMs },
      ])
    }),
    { numRuns: 300 },
  )
})

test('a beat that comes back round is not heard again: nobody is kept alive by gossip', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_500), { minLength: 1, maxLength: 6 }), (delays) => {
      const ring = [new Members(0), new Members(0), new Members(0)]
      let nowMs = 0
      ring[0]?.hear({ node: 'n9', inc: 1, counter: 1, ageMs: 0 }, nowMs)
      delays.forEach((delayMs, at) => {
        const beats = ring[at % 3]?.beats(nowMs) ?? []
        nowMs += delayMs
        for (const beat of beats) ring[(at + 1) % 3]?.hear(beat, nowMs)
      })
      expect(ring[0]?.silentMs('n9', nowMs)).toBe(nowMs)
    }),
    { numRuns: 100 },
  )
})
