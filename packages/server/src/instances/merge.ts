/**
 * How two views of one instance become one.
 *
 * Every write goes through here, also a node's own, so a record that came from a peer or
 * from disk meets the same rules. It must not matter in which order records arrive, nor
 * how often: `merge.property.test.ts` holds it to that.
 *
 * Renewals are absent on purpose. A deadline is measured on one machine's clock and means
 * nothing on another, so only home keeps one.
 *
 * @module
 */

import type { Content, InstanceRecord, Life, Override } from './record.ts'
import { compareStamps } from './stamp.ts'

/** Returns what every node settles on: of each part, the greater. Answers `left` itself where it wins whole. */
export function merge(left: InstanceRecord, right: InstanceRecord): InstanceRecord {
  const life = greater(left.life, right.life, compareLives)
  const content = greater(left.content, right.content, compareContents)
  const override = greater(left.override, right.override, compareOverrides)
  if (life === left.life && content === left.content && override === left.override) return left
  return { life, content, override }
}

/**
 * A cancel absorbs everything of its generation, however late that arrives; an eviction only
 * beats the very version that it marks.
 */
export function compareLives(left: Life, right: Life): number {
  return (
    compareStamps(left.gen, right.gen) ||
    Number(left.cancelled) - Number(right.cancelled) ||
    compareStamps(left.ver, right.ver) ||
    Number(left.evicted) - Number(right.evicted)
  )
}

function compareContents(left: Content, right: Content): number {
  return compareStamps(left.gen, right.gen) || compareStamps(left.cver, right.cver)
}

function compareOverrides(left: Override, right: Override): number {
  return compareStamps(left.over, right.over)
}

function greater<T>(left: T | null, right: T | null, compare: (left: T, right: T) => number) {
  if (left === null) return right
  if (right === null) return left
  return compare(left, right) >= 0 ? left : right
}
