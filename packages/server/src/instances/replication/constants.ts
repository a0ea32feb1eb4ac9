/**
 * The constants of replication, each with what depends on it. Those that a plane alone needs
 * too are in `../constants.ts`.
 *
 * @module
 */

/** How often a node says that it lives. Several must fit into `LOST_MS`. */
export const BEAT_MS = 1_000

/** Batches follow each other no faster than this, so that a burst travels together. */
export const BATCH_EVERY_MS = 5

/** What was not acknowledged for so long is sent again. */
export const RESEND_MS = 300

/** A direct way counts as open while its last acknowledgement is younger than this. */
export const ACK_FRESH_MS = 3_000

/** A sync that got no answer for so long asks again, or another is begun. */
export const SYNC_RETRY_MS = 400

/** A sync that got no answer for so long is given up. */
export const SYNC_DEAD_MS = 5_000

/** Under steady change no two digests agree: how often two nodes look closer at most. */
export const LOOK_EVERY_MS = 10_000

/** A bucket that changed a moment ago says nothing about a difference. */
export const RESTING_MS = 5_000

/** With one peer heard, how long a booting node waits for the others. */
export const BOOT_OTHERS_MS = 2_000

/** With no peer heard, how long a booting node waits for one. */
export const BOOT_ALONE_MS = 5_000

/** Renewals that were not delivered within this share of their ttl are answered by a claim. */
export const FORWARD_SHARE = 3

/** Nodes that pass a renewal on, at most. */
export const HOPS_MAX = 2

/** A node whose wall clock is further than this from the others' is not ready. */
export const CLOCK_ALARM_MS = 900_000

/** Records in one batch. */
export const BATCH_RECORDS_MAX = 1_000

/** About how many bytes a message of records is allowed before it is sent; one record always fits. */
export const BATCH_BYTES = 524_288

/** Batches on their way to one peer at a time. */
export const BATCHES_IN_FLIGHT_MAX = 4

/** Changes that wait for one peer; with more it is synced instead. */
export const OUTBOX_MAX = 100_000

/** Renewals in one message. */
export const FORWARD_RENEWALS_MAX = 4_000

/** Records and summaries in one page of a sync, at least one bucket. */
export const PAGE_RECORDS_MAX = 1_000

/** Buckets that a sync compares at least: a peer may hold far more than we do. */
export const SYNC_BUCKETS_MIN = 1_024

/** How a lane of a digest is shown: eight hexadecimal digits. */
export const HEX = 16
export const LANE_DIGITS = 8
