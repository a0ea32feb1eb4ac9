/**
 * The scenarios of namespaces and resources, in the order in which they run. No other registry
 * does these things, so that figures stand beside targets and not beside a peer.
 *
 * @module
 */

import type { Scenario } from '../suite/scenario.ts'
import { add } from './add.ts'
import { backup } from './backup.ts'
import { bulk } from './bulk.ts'
import { search } from './search.ts'

export const resourceScenarios: readonly Scenario[] = [add, bulk, search, backup]
