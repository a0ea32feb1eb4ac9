/**
 * What lies below a prefix, read before a group is decided: ten thousand keys are too many for
 * one stretch, and deciding has to be one. Nothing is written meanwhile, so what was read is what
 * the group begins with.
 *
 * @module
 */

import type { KeyHead } from '../../catalog/engine/decide.ts'
import { COMMIT_LIMITS } from '../../catalog/engine/limits.ts'
import { turn } from '../../catalog/engine/slices.ts'
import type { Clock } from '@rollcall/runtime'
import type { StoredContent } from './content.ts'

const PAGE = 1_000

/** All of it, or undefined where it is more than a commit may look at: whoever decides refuses that. */
export async function readAhead(
  content: StoredContent,
  prefix: string,
  io: Pick<Clock, 'after'>,
): Promise<readonly KeyHead[] | undefined> {
  const heads: KeyHead[] = []
  for (;;) {
    const before = heads.length
    // Each page looks for its start anew: no cursor stays open from turn to turn.
    for (const head of content.below(prefix, heads.at(-1)?.key)) {
      heads.push(head)
      if (heads.length - before === PAGE) break
    }
    if (heads.length - before < PAGE) return heads
    if (heads.length > COMMIT_LIMITS.prefixKeys) return undefined
    await turn(io)
  }
}
