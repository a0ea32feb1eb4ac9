/**
 * The scenarios of replication, in the order in which they run.
 *
 * @module
 */

import type { Scenario } from '../suite/scenario.ts'
import { across } from './across.ts'
import { heartbeats } from './heartbeats.ts'
import { join } from './join.ts'
import { links } from './links.ts'
import { registrations } from './registrations.ts'

export const replicationScenarios: readonly Scenario[] = [
  heartbeats,
  registrations,
  across,
  join,
  links,
]
