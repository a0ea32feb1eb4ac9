/**
 * The limits of the instance plane that a client can know before it asks.
 *
 * @module
 */

export const LIMITS = {
  /** Characters of a service, env, zone or instance id. */
  nameMaxLength: 128,
  ttlMinMs: 9_000,
  ttlMaxMs: 86_400_000,
  ttlDefaultMs: 90_000,
  metadataMaxPairs: 64,
  /** UTF-8 bytes of all keys and values together. */
  metadataMaxBytes: 4_096,
  tagsMax: 64,
  tagMaxLength: 128,
  addressesMax: 16,
  addressMaxLength: 512,
  hostnameMaxLength: 255,
  versionMaxLength: 128,
  weightMax: 1_000_000,
  heartbeatsMax: 10_000,
  pageDefault: 100,
  pageMax: 1_000,
  waitMaxMs: 300_000,
  watchServicesMax: 256,
  /** A session before this is not epoch milliseconds (September 2020). */
  sessionMin: 1_600_000_000_000,
  sessionAheadMaxMs: 60_000,
} as const
