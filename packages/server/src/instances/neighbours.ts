/**
 * What the plane asks of the other nodes of its zone. `replication/` answers; a node alone has
 * none, and vouches for whatever it hears of.
 *
 * @module
 */

import type { Entry } from './entry.ts'
import type { Standing } from './homes.ts'
import type { Origin } from './stamp.ts'

export interface Neighbours {
  /** What is held of a home that is not this node in its present life. */
  standing(home: Origin): Exclude<Standing, 'own'>
  /** Plane time at which a lost home was, or will have been, given up. */
  lostAtMs(home: Origin, nowMs: number): number
  /** Whether a node has been heard of since this one started: what only the disk knew of is ours to judge. */
  isKnown(node: string): boolean
  /** Whether fewer than half of the members are heard: then nothing of theirs is hidden. */
  readonly isolated: boolean
  /** A record was written here; `lifeOnly` where the rest of it stayed as it was. */
  wrote(entry: Entry, lifeOnly: boolean): void
  /** Takes a renewal to the entry's home. Answers false where that cannot be done, and it has to be claimed. */
  forward(entry: Entry, nowMs: number): boolean
  /** Calls `done` once some peer has an entry as it is now, or at once where there is none; unless cancelled. */
  whenShipped(entry: Entry, done: () => void): () => void
  /** Nothing is to be forwarded for an entry any more. */
  forget(entry: Entry): void
  /** This node became a new incarnation, and knows nobody. */
  fenced(): void
  /** Has its turn, before the plane looks at what fell due. */
  tick(nowMs: number): void
}

/** A node without peers. */
export const NOBODY: Neighbours = {
  standing: () => 'lost',
  lostAtMs: (_home, nowMs) => nowMs,
  isKnown: () => false,
  isolated: false,
  wrote() {},
  forward: () => false,
  whenShipped(_entry, done) {
    done()
    return () => {}
  },
  forget() {},
  fenced() {},
  tick() {},
}
