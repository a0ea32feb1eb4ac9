/**
 * What the catalog takes, and how long it waits.
 *
 * @module
 */

export const KV_LIMITS = {
  /** UTF-8 bytes of a key; also of a key inside a lease and of a candidate's name. */
  keyBytes: 512,
  valueBytes: 1_024 * 1_024,
} as const

export const TXN_LIMITS = {
  /** Of both branches together. */
  operations: 4_000,
} as const

export const LEASE_LIMITS = {
  ttlMs: 86_400_000,
  /** UTF-8 bytes. */
  nameBytes: 512,
  /** Leases that one call may keep alive. */
  idsPerKeepAlive: 10_000,
  /** Keys inside one raftd lease. */
  keysPerLease: 1_000,
} as const

export const ELECTION_LIMITS = {
  nameBytes: 512,
  /** With `%` and `/` escaped: name and candidate have to fit into one key. */
  escapedNameBytes: 600,
} as const

export const NAMESPACE_LIMITS = {
  nameCharacters: 64,
  /** Levels below the root. A move compares each of them. */
  depth: 32,
  /** Of a tree that is told in one piece. */
  treeNodes: 10_000,
  /** UTF-8 bytes. */
  commentBytes: 1_024,
} as const

export const RESOURCE_LIMITS = {
  /** Of one write, also by many operations or of a whole list. */
  rows: 4_000,
  /** That move, or whose primary key becomes another: each leaves one place and comes to another. */
  rekeyedRows: 2_000,
  typeCharacters: 64,
  /** Characters of an id. */
  idCharacters: 64,
  properties: 256,
  /** UTF-8 bytes of the name of a property. */
  nameBytes: 256,
  /** UTF-8 bytes of a value. */
  valueBytes: 64 * 1_024,
  /** UTF-8 bytes of a primary key, as it is stored. */
  keyBytes: 512,
} as const

/** Schemas of users: they are compiled to programs, half a millisecond a part. */
export const SCHEMA_LIMITS = {
  bytes: 32 * 1_024,
  /** Objects and lists in it, as its references unfold it. */
  parts: 256,
} as const

/** For how long a type may be held without a sign of life. */
export const HOLD_MS = 5_000

/** How often a write is tried again from a newer view before its caller has to decide. */
export const LOST_RACES_MAX = 5

/** Patterns of users, see `patterns.ts`. */
export const PATTERN_LIMITS = {
  characters: 512,
  /** Of a compiled one. */
  instructions: 1_000,
  /** Instructions times characters of one look at a text: 40 ms at the very worst. */
  steps: 1_000_000,
  /** Compiled ones that are kept, in all, and each. */
  kept: 2_000,
  keptInstructions: 100_000,
  keptBytes: 64 * 1_024,
} as const

export const SEARCH_LIMITS = {
  hits: 1_000,
  /** Characters of what is searched for; patterns have their own. */
  valueCharacters: 4_096,
  /** What a search does before it queues with the other long ones: a millisecond or less. */
  stepsAtOnce: 2_000,
  /** Changes that a search takes over into the index before it begins; more are waited for by trying again. */
  behind: 100_000,
  /** Long searches that wait for each other. */
  waiting: 256,
  /** From its first step to its last, the wait for others included. */
  tookMs: 10_000,
} as const

/** What is remembered for watchers that resume. */
export const CHANGE_RING_LIMITS = { changes: 100_000, bytes: 64 * 1_024 * 1_024 } as const

export const IDEMPOTENCY_LIMITS = {
  keyCharacters: 64,
  /** A bigger answer is not kept; a repetition is then told that it was done, and not how. */
  answerBytes: 1_024 * 1_024,
} as const

/** Each holds on to one state of the engine for as long as it is read. */
export const BACKUPS_AT_ONCE = 8

/** How long a restore waits for the view to show the new content. */
export const RESTORE_WAIT_MS = 60_000
/** How long a write waits for the view before it answers all the same. */
export const WRITE_WAIT_MS = 1_000
/** How long a read waits for the view to be as fresh as asked. */
export const READ_WAIT_MS = 5_000
