/**
 * What the fields of a namespace may be.
 *
 * @module
 */

import { invalidArgument, limitExceeded } from '@rollcall/protocol/errors'
import { NAMESPACE_LIMITS } from '../limits.ts'
import { compilePattern } from '../patterns.ts'
import { checkText } from '../refusals.ts'
import type { NamespaceKind } from '../resource-catalog.ts'

const NAME = /^[a-z0-9-]+$/

export function checkName(name: string): void {
  const { nameCharacters } = NAMESPACE_LIMITS
  if (name.length > nameCharacters) {
    throw limitExceeded('namespace name characters', nameCharacters, name.length)
  }
  if (NAME.test(name)) return
  const message = `The name "${name}" must be 1 to ${nameCharacters} of the characters a-z, 0-9 and -.`
  throw invalidArgument(message, { field: 'name' })
}

export function checkKind(kind: NamespaceKind): void {
  if (kind === 'leaf' || kind === 'inner') return
  throw invalidArgument('The kind of a namespace is leaf or inner.', { field: 'kind' })
}

/** An empty rule would be found in every hostname; it is taken as none. */
export function checkMatch(match: string | null | undefined): string | undefined {
  if (match === null || match === undefined || match === '') return undefined
  compilePattern(match, 'match')
  return match
}

export function checkComment(comment: string): void {
  checkText('comment', comment, NAMESPACE_LIMITS.commentBytes)
}

export function checkDepth(depth: number): void {
  const { depth: limit } = NAMESPACE_LIMITS
  if (depth > limit) throw limitExceeded('namespace levels', limit, depth)
}
