import { expect, test } from 'vitest'
import { FakeClock } from '@rollcall/runtime/testing'
import { FOLLOW_MS } from './constants.ts'
import { HybridClock } from './hybrid-clock.ts'
import { compareStamps, generationOf, sessionOf, stampAt, wallMsOf, type Stamp } from './stamp.ts'

function setUp() {
  const clock = new FakeClock()
  return { clock, stamps: new HybridClock('n1', clock) }
}

/** Later, and by so little that no clock moves for it. */
function isJustAfter({ at }: Stamp, than: number): boolean {
  return at > than && at < than + 100
}

const by = (node: string, inc = 1) => ({ node, inc })

test('stamps of one node only grow, also within one millisecond and when wall time falls back', () => {
  const { clock, stamps } = setUp()
  const made: Stamp[] = []
  for (let round = 0; round < 5_000; round += 1) {
    made.push(stamps.next())
    if (round % 500 === 0) clock.bendWall(round % 1_000 === 0 ? -10_000 : 700)
  }
  for (const [at, stamp] of made.entries()) {
    const before = made[at - 1]
    if (before) expect(compareStamps(before, stamp)).toBeLessThan(0)
  }
})

test('a stamp is not behind the wall clock', () => {
  const { clock, stamps } = setUp()
  clock.bendWall(5_000)
  expect(wallMsOf(stamps.next())).toBe(clock.wallMs())
})

test('a stamp outdoes every stamp that it is given, however far ahead, without staying there', () => {
  const { clock, stamps } = setUp()
  const far = { at: stampAt(clock.wallMs() + 600_000), by: by('n2') }
  const near = { at: stampAt(clock.wallMs() + 10), by: by('n2') }
  expect(isJustAfter(stamps.next(near, undefined, far), far.at)).toBe(true)
  expect(stamps.next().at).toBeLessThan(far.at)
})

test('the clock follows what it hears up to a minute ahead, and no further', () => {
  const { clock, stamps } = setUp()
  const limit = stampAt(clock.wallMs() + FOLLOW_MS)
  stamps.observe(limit + 1)
  expect(stamps.next().at).toBeLessThan(limit)
  stamps.observe(limit)
  const followed = stamps.next()
  expect(isJustAfter(followed, limit)).toBe(true)
  stamps.observe(stampAt(clock.wallMs() - 50))
  stamps.observe(limit)
  expect(stamps.next().at).toBe(followed.at + 1)
})

test('nodes that outdo the same stamp come to different numbers, far ahead and near', () => {
  const clock = new FakeClock()
  for (const aheadMs of [FOLLOW_MS / 2, 2 * FOLLOW_MS]) {
    const previous = { at: stampAt(clock.wallMs() + aheadMs), by: by('far') }
    const numbers = Array.from({ length: 9 }, (_, at) => {
      const stamps = new HybridClock(`node-${at}`, clock)
      stamps.observe(previous.at)
      return stamps.next(previous).at
    })
    expect(new Set(numbers).size).toBe(numbers.length)
  }
})

test('a new incarnation has another origin with a later number, and signs from then on', () => {
  const { stamps } = setUp()
  const before = stamps.origin
  expect(stamps.origin).toBe(before)
  const after = stamps.reincarnate()
  expect(after).not.toBe(before)
  expect(after.inc).toBeGreaterThan(before.inc)
  expect(stamps.next().by).toBe(after)
})

test('equal numbers are ordered by node, then by incarnation; the same write is equal', () => {
  const at = 7
  expect(compareStamps({ at, by: by('a', 9) }, { at, by: by('b', 1) })).toBeLessThan(0)
  expect(compareStamps({ at, by: by('b', 1) }, { at, by: by('b', 2) })).toBeLessThan(0)
  expect(compareStamps({ at, by: by('b', 2) }, { at, by: by('b', 2) })).toBe(0)
  expect(compareStamps({ at: 8, by: by('a') }, { at, by: by('z') })).toBeGreaterThan(0)
})

test('a session survives its way through a generation, and its successor is newer than all in it', () => {
  const session = 1_700_000_000_123
  const generation = generationOf(session)
  expect(sessionOf(generation)).toBe(session)
  const inside = { at: generation.at + 2_047, by: by('z', 9) }
  expect(sessionOf(inside)).toBe(session)
  expect(compareStamps(generationOf(session + 1), inside)).toBeGreaterThan(0)
  expect(Number.isSafeInteger(generationOf(4_000_000_000_000).at)).toBe(true)
})
