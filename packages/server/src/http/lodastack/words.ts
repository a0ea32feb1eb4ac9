/**
 * What went wrong, in the names and words of this protocol.
 *
 * @module
 */

import { RegistryError, type ErrorCode } from '@rollcall/protocol'
import { nsOf, type Tree } from './ns.ts'

/** Names of details that are paths of the catalog. */
const PATHS = ['path', 'ns', 'parent'] as const

/** Words a failure: its namespaces have the names that this protocol knows them by. */
export function messageOf({ message, details }: RegistryError, tree: Tree): string {
  let text = message
  for (const name of PATHS) {
    const path = details[name]
    if (typeof path === 'string') text = text.replaceAll(`"${path}"`, `"${nsOf(path, tree)}"`)
  }
  return text
}

/**
 * For `catch`: what fails with one of these codes begins with what the original says, where
 * people or programs may know it by heart.
 */
export function saying(
  words: Readonly<Partial<Record<ErrorCode, string>>>,
): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof RegistryError)) throw error
    const { code, message, details } = error
    const said = words[code]
    if (said === undefined) throw error
    throw new RegistryError(code, `${said}: ${message}`, { details, cause: error })
  }
}
