/**
 * What a client says of an instance: defaults, limits, equality.
 *
 * @module
 */

import { limitExceeded, invalidArgument } from '@rollcall/protocol/errors'
import { LIMITS } from '../model/limits.ts'
import type { Facts } from './record.ts'

/** Facts as callers give them; what is absent or undefined gets the default. */
export type FactsRequest = {
  readonly [K in keyof Facts]?: Facts[K] | undefined
} & Pick<Facts, 'addresses'>

const NO_TAGS: readonly string[] = Object.freeze([])
const NO_METADATA: Readonly<Record<string, string>> = Object.freeze({})

/** Completes and checks facts. Throws `limit_exceeded`, or `invalid_argument` for a ttl out of bounds. */
export function completeFacts(request: FactsRequest, defaultTtlMs: number): Facts {
  const { addresses, tags = NO_TAGS, metadata = NO_METADATA, ttlMs = defaultTtlMs } = request
  checkCount('addresses', addresses.length, LIMITS.addressesMax)
  for (const address of addresses) {
    checkCount('address characters', address.length, LIMITS.addressMaxLength)
  }
  checkCount('hostname characters', request.hostname?.length ?? 0, LIMITS.hostnameMaxLength)
  checkCount('version characters', request.version?.length ?? 0, LIMITS.versionMaxLength)
  checkCount('tags', tags.length, LIMITS.tagsMax)
  for (const tag of tags) checkCount('tag characters', tag.length, LIMITS.tagMaxLength)
  checkMetadata(metadata)
  if (!(ttlMs >= LIMITS.ttlMinMs && ttlMs <= LIMITS.ttlMaxMs)) {
    const message = `ttlMs must be between ${LIMITS.ttlMinMs} and ${LIMITS.ttlMaxMs}; it is ${ttlMs}.`
    throw invalidArgument(message, { field: 'ttlMs' })
  }
  return {
    hostname: request.hostname ?? '',
    addresses,
    version: request.version ?? '',
    weight: request.weight ?? 1,
    tags: tags.length === 0 ? NO_TAGS : tags,
    metadata,
    status: request.status ?? 'up',
    ttlMs,
  }
}

/** Throws `limit_exceeded` when metadata is more than an instance may carry. */
export function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  const pairs = Object.entries(metadata)
  checkCount('metadata pairs', pairs.length, LIMITS.metadataMaxPairs)
  let bytes = 0
  for (const [key, value] of pairs) bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  checkCount('metadata bytes', bytes, LIMITS.metadataMaxBytes)
}

/** Says whether a registration brings nothing new. */
export function sameFacts(left: Facts, right: Facts): boolean {
  return (
    left.hostname === right.hostname &&
    left.version === right.version &&
    left.weight === right.weight &&
    left.status === right.status &&
    left.ttlMs === right.ttlMs &&
    sameList(left.addresses, right.addresses) &&
    sameList(left.tags, right.tags) &&
    sameMetadata(left.metadata, right.metadata)
  )
}

function sameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((item, at) => item === right[at])
}

function sameMetadata(
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): boolean {
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && left[key] === right[key])
  )
}

function checkCount(what: string, actual: number, limit: number): void {
  if (actual > limit) throw limitExceeded(what, limit, actual)
}
