/**
 * What the catalog refuses with, where several places refuse alike.
 *
 * @module
 */

import {
  invalidArgument,
  limitExceeded,
  RegistryError,
  type ErrorDetails,
} from '@rollcall/protocol/errors'
import { KV_LIMITS } from './limits.ts'

export function keyNotFound(key: string): RegistryError {
  const message = `There is no key "${key}"; put it first.`
  return new RegistryError('key_not_found', message, { details: { key } })
}

export function leaseNotFound(lease: number): RegistryError {
  const message = `There is no lease ${lease}, or no more; grant a new one.`
  return new RegistryError('lease_not_found', message, { details: { lease } })
}

export function namespaceNotFound(path: string): RegistryError {
  const message = `There is no namespace "${path}"; create it first.`
  return new RegistryError('namespace_not_found', message, { details: { path } })
}

/** How a sentence begins that is about a namespace: the path of the root is empty. */
export function placeName(path: string): string {
  return path === '' ? 'The root' : `"${path}"`
}

export function resourceNotFound(details: {
  readonly type: string
  readonly id: string
  readonly ns?: string
}): RegistryError {
  const { type, id, ns } = details
  const where = ns === undefined ? '' : ` in "${ns}"`
  const message = `There is no ${type} "${id}"${where}; add it, or look for it elsewhere.`
  return new RegistryError('resource_not_found', message, { details })
}

export function invalidParent(path: string, message: string): RegistryError {
  return new RegistryError('invalid_parent', message, { details: { path } })
}

export function alreadyExists(message: string, details: ErrorDetails): RegistryError {
  return new RegistryError('already_exists', message, { details })
}

export function forbidden(message: string, details: ErrorDetails): RegistryError {
  return new RegistryError('forbidden', message, { details })
}

export interface Conflict {
  readonly key: string
  readonly expected: number
  /** 0: the key is not there. */
  readonly actual: number
}

export function revisionConflict({ key, expected, actual }: Conflict): RegistryError {
  const message = `"${key}" is at revision ${actual} and not at ${expected}; read it again.`
  return new RegistryError('revision_conflict', message, { details: { key, expected, actual } })
}

export function restoreInProgress(): RegistryError {
  const message = 'A backup is being restored already; wait until that is done.'
  return new RegistryError('restore_in_progress', message)
}

export function unavailable(message: string): RegistryError {
  return new RegistryError('unavailable', message)
}

export function shuttingDown(): RegistryError {
  return new RegistryError('shutting_down', 'The node stops; ask another, or come back later.')
}

const LONE_SURROGATE = /\p{Cs}/u

/** Checks a text of users: well-formed Unicode of at most so many UTF-8 bytes. */
export function checkText(what: string, text: string, bytesMax: number): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > bytesMax) throw limitExceeded(`${what} bytes`, bytesMax, bytes)
  if (bytes !== text.length && LONE_SURROGATE.test(text)) {
    throw invalidArgument(`The ${what} must be well-formed Unicode.`, { field: what })
  }
}

/** Checks a key of users: not empty, too. */
export function checkKey(key: string): void {
  if (key === '') throw invalidArgument('A key must have at least one byte.', { field: 'key' })
  checkText('key', key, KV_LIMITS.keyBytes)
}

/** A prefix below which much is deleted must name something. */
export function checkDeletePrefix(prefix: string): void {
  if (prefix === '') {
    throw invalidArgument('The prefix must have at least one byte.', { field: 'prefix' })
  }
  checkText('prefix', prefix, KV_LIMITS.keyBytes)
}

export function checkValue(value: Uint8Array): void {
  const { valueBytes } = KV_LIMITS
  if (value.length > valueBytes) throw limitExceeded('value bytes', valueBytes, value.length)
}

/** A revision that a caller names. */
export function checkRevision(field: string, revision: number): void {
  if (Number.isSafeInteger(revision) && revision >= 0) return
  throw invalidArgument('A revision is a whole number from 0 on, below 2^53.', { field })
}
