/**
 * The version of this server, as its package says.
 *
 * @module
 */

import { readFileSync } from 'node:fs'

/** Reads the version from the package that this file lies in, built or not. */
export function serverVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  return version
}
