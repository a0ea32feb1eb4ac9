/**
 * The scenarios of several nodes on one etcd, in the order in which they run.
 *
 * @module
 */

import type { Scenario } from '../suite/scenario.ts'
import { across } from './across.ts'
import { failover } from './failover.ts'
import { puts } from './puts.ts'
import { reads } from './reads.ts'

export const clusterScenarios: readonly Scenario[] = [puts, reads, across, failover]
