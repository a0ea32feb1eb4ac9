/**
 * The scenarios of the instance plane, in the order in which they run.
 *
 * @module
 */

import { fetch10, fetch1000 } from './fetch.ts'
import { million } from './million.ts'
import { register } from './register.ts'
import { renew, renewBulk } from './renew.ts'
import type { Scenario } from '../suite/scenario.ts'
import { start100k } from './start.ts'
import { longPolls, sseWatchers } from './watchers.ts'

export const instanceScenarios: readonly Scenario[] = [
  fetch10,
  fetch1000,
  register,
  renew,
  renewBulk,
  sseWatchers,
  longPolls,
  start100k,
  million,
]
