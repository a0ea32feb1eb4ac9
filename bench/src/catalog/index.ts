/**
 * The scenarios of the catalog, in the order in which they run.
 *
 * @module
 */

import type { Scenario } from '../suite/scenario.ts'
import { compareAndSet } from './compare-and-set.ts'
import { engine } from './engine.ts'
import { get } from './get.ts'
import { leases } from './leases.ts'
import { put } from './put.ts'
import { view } from './view.ts'
import { watchers } from './watchers.ts'

export const catalogScenarios: readonly Scenario[] = [
  put,
  engine,
  get,
  compareAndSet,
  leases,
  watchers,
  view,
]
