/**
 * The limits of the port, the same on every engine, so that what one accepted moves to any other.
 *
 * @module
 */

/** Limits of one commit. */
export const COMMIT_LIMITS = {
  /** Of both branches together: 4,000 that users ask for, and what the plane adds to them. */
  operations: 4_096,
  compares: 96,
  /** Keys, prefixes and values of the whole commit, and 64 for each operation and compare. */
  bytes: 1_024 * 1_024 + 64 * 1_024,
  /** Keys that one commit may delete by prefix, and look at for `unchanged_since`. */
  prefixKeys: 10_000,
  /** UTF-8 bytes of a key. */
  keyBytes: 1_200,
} as const

/** Most keys that may hang on one lease: they end in one revision. */
export const LEASE_KEYS_LIMIT = 10_000

/** Most that one page of a range may hold. */
export const RANGE_LIMIT = 10_000

/** A page of a range ends after the entry that reaches this many bytes of keys and values. */
export const RANGE_BYTES = 4 * 1_024 * 1_024

/** An entry with more bytes of key and value than this may be kept in pages of its own. */
export const LARGE_ENTRY_BYTES = 1_900
