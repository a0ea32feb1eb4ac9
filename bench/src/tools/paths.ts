/**
 * Where things stand in the checkout.
 *
 * @module
 */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the checkout. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** What is downloaded or passes; never committed. */
export const CACHE = join(ROOT, '.cache')

/** The `rollcall` command as a user has it. */
export const COMMAND = join(ROOT, 'packages', 'cli', 'bin', 'rollcall.js')

/** Figures that are kept. */
export const RESULTS = join(ROOT, 'bench', 'results')
