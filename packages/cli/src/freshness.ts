/**
 * How fresh a read of the catalog must be.
 *
 * @module
 */

import type { Command } from 'commander'
import type { ReadOptions } from '@rollcall/client'
import { wholeNumber } from './numbers.ts'
import { present } from './present.ts'

export interface FreshnessFlags {
  readonly linearizable?: true
  readonly minRevision?: number
}

/** Adds the options that say how fresh a read must be. */
export function withFreshness(command: Command): Command {
  return command
    .option('--linearizable', 'see every write that was answered anywhere before')
    .option(
      '--min-revision <REVISION>',
      'wait until the node has seen this revision, 5 s at most',
      wholeNumber('--min-revision'),
    )
}

/** Puts them into the form of the client. */
export function freshnessOf({ linearizable, minRevision }: FreshnessFlags): ReadOptions {
  const consistency = linearizable === true ? ('linearizable' as const) : undefined
  return present({ consistency, minRevision })
}
