/**
 * What is refused of a commit by its shape alone, before anything is read.
 *
 * @module
 */

import { invalidArgument, limitExceeded } from '@rollcall/protocol/errors'
import type { Commit, Compare, Operation } from '../engine.ts'
import { checkKey, checkPrefix } from './check-key.ts'
import { firstBelow } from './first-below.ts'
import { checkLeaseId } from './lease-terms.ts'
import { COMMIT_LIMITS } from './limits.ts'

const BYTES_EACH = 64

/**
 * Throws `limit_exceeded` or `invalid_argument` for a commit that no engine takes. Answers its
 * bytes, as the limit counts them.
 */
export function checkCommit({ compares, then, otherwise = [] }: Commit): number {
  const operations = then.length + otherwise.length
  if (compares.length > COMMIT_LIMITS.compares) {
    throw limitExceeded('compares in one commit', COMMIT_LIMITS.compares, compares.length)
  }
  if (operations > COMMIT_LIMITS.operations) {
    throw limitExceeded('operations in one commit', COMMIT_LIMITS.operations, operations)
  }
  let bytes = (compares.length + operations) * BYTES_EACH
  for (const compare of compares) bytes += checkCompare(compare)
  for (const operation of then) bytes += checkOperation(operation)
  for (const operation of otherwise) bytes += checkOperation(operation)
  if (bytes > COMMIT_LIMITS.bytes) throw limitExceeded('commit bytes', COMMIT_LIMITS.bytes, bytes)
  checkDoubleWrites(then)
  checkDoubleWrites(otherwise)
  return bytes
}

function checkCompare(compare: Compare): number {
  if ('prefix' in compare) return checkPrefix(compare.prefix)
  return checkKey(compare.key) + (compare.kind === 'value' ? compare.value.byteLength : 0)
}

function checkOperation(operation: Operation): number {
  if (operation.kind === 'delete_prefix') return checkPrefix(operation.prefix)
  const bytes = checkKey(operation.key)
  if (operation.kind !== 'put') return bytes
  if (operation.lease !== undefined) checkLeaseId(operation.lease)
  return bytes + operation.value.byteLength
}

/** etcd refuses these, and a watcher could not tell what the revision did to the key. */
function checkDoubleWrites(branch: readonly Operation[]): void {
  const written = new Set<string>()
  const puts: string[] = []
  const prefixes: string[] = []
  for (const operation of branch) {
    if (operation.kind === 'get') continue
    if (operation.kind === 'delete_prefix') {
      prefixes.push(operation.prefix)
      continue
    }
    if (written.has(operation.key)) throw writtenTwice(operation.key)
    written.add(operation.key)
    if (operation.kind === 'put') puts.push(operation.key)
  }
  const below = firstBelow(prefixes, puts)
  if (below !== undefined) throw writtenTwice(below)
}

function writtenTwice(key: string) {
  const message = 'A branch of the commit writes a key twice; leave one of the writes out.'
  return invalidArgument(message, { key })
}
