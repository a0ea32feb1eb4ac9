/**
 * What a plane would tell other nodes, where a test needs none of them.
 *
 * @module
 */

import { NOBODY } from '../instances/neighbours.ts'
import type { PlaneHarness } from './plane-harness.ts'

/** Ids of the instances whose records are told to others from now on, one for each time. */
export function toldOthers({ plane }: Pick<PlaneHarness, 'plane'>): string[] {
  const told: string[] = []
  plane.useNeighbours({
    ...NOBODY,
    wrote(entry) {
      told.push(entry.id)
    },
  })
  return told
}

/** Has every write wait for a peer that acknowledges when the test says so: by calling what is answered. */
export function ackOnDemand({ plane }: Pick<PlaneHarness, 'plane'>): (() => void)[] {
  const waiting: (() => void)[] = []
  plane.useNeighbours({
    ...NOBODY,
    whenShipped(_entry, done) {
      waiting.push(done)
      return () => {}
    },
  })
  return waiting
}
