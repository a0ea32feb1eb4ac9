/**
 * Driver: registers instances and ends.
 *
 * @module
 */

import { input, report } from './conversation.ts'
import { fill, type Filling } from './filling.ts'

report('filled', { seconds: await fill(input() as Filling) })
process.exit(0)
