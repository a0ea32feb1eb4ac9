/**
 * What every engine of the catalog has to do, as tests: the port in `catalog/engine.ts`, tried on
 * whatever implements it. Each `*-engine.test.ts` runs the same suite.
 *
 * @module
 */

import { describe } from 'vitest'
import { commitContract } from './engine-contract/commits.ts'
import type { EngineKind } from './engine-contract/home.ts'
import { leaseContract } from './engine-contract/leases.ts'
import { limitContract } from './engine-contract/limits.ts'
import { reopeningContract } from './engine-contract/reopening.ts'
import { serialOrderContract } from './engine-contract/serial-order.ts'
import { snapshotContract } from './engine-contract/snapshots.ts'
import { watchContract } from './engine-contract/watch.ts'

export type { EngineHome, EngineKind } from './engine-contract/home.ts'

/** Declares the tests of the contract for one kind of engine. */
export function runEngineContract(kind: EngineKind): void {
  describe(`the ${kind.name} engine keeps the contract`, () => {
    describe('commits', () => {
      commitContract(kind)
      serialOrderContract(kind)
    })
    describe('limits', () => {
      limitContract(kind)
    })
    describe('watches', () => {
      watchContract(kind)
    })
    describe('leases', () => {
      leaseContract(kind)
    })
    describe('snapshots', () => {
      snapshotContract(kind)
    })
    describe('reopening', () => {
      reopeningContract(kind)
    })
  })
}
