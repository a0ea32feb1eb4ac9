/**
 * Randomness as an argument, so that a seed decides a whole run.
 *
 * @module
 */

/** Answers a number from 0 (included) to 1 (not included). */
export type Random = () => number

/** The machine's own. */
export const systemRandom: Random = () => Math.random()

/** A small deterministic generator (mulberry32); for choices and jitter, not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** Takes `count` items at random, each at most once, in random order. */
export function sample<T>(items: readonly T[], count: number, random: Random): T[] {
  const pool = [...items]
  const taken = Math.min(Math.max(count, 0), pool.length)
  for (let at = 0; at < taken; at += 1) {
    const pick = at + Math.floor(random() * (pool.length - at))
    const chosen = pool[pick] as T
    pool[pick] = pool[at] as T
    pool[at] = chosen
  }
  return pool.slice(0, taken)
}
