/**
 * The limits that a client can know before it asks.
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

  /** UTF-8 bytes of a key. */
  kvKeyMaxBytes: 512,
  kvValueMaxBytes: 1_024 * 1_024,
  /** Keys that one request deletes by prefix. */
  kvPrefixDeleteMax: 10_000,
  txnComparesMax: 96,
  /** Of both branches together. */
  txnOperationsMax: 4_000,
  /** A body of `/kv` or `/txn`. */
  catalogBodyMaxBytes: 2 * 1_024 * 1_024,
  /** A body of `/restore`, also unpacked. */
  restoreBodyMaxBytes: 8 * 1_024 * 1_024 * 1_024,
  /** What a shorter lease is granted as. */
  leaseTtlMinMs: 2_000,
  leaseTtlMaxMs: 86_400_000,
  /** UTF-8 bytes of a lease's name. */
  leaseNameMaxBytes: 512,
  /** Leases that one request keeps alive. */
  keepAliveMax: 10_000,
  watchPrefixesMax: 16,
  /** Namespaces in one watch. */
  watchPathsMax: 16,
  /** Resources, or operations on them, in one request. */
  resourcesPerRequestMax: 4_000,
  idempotencyKeyMaxLength: 64,
  /** How long an answer is remembered by its idempotency key. */
  idempotencyKeptMs: 600_000,
  /** How long a read waits for the revision that it must see. */
  minRevisionWaitMs: 5_000,
} as const
