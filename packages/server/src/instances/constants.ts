/**
 * The constants of the specification, each with what depends on it.
 *
 * @module
 */

/** How often the plane looks at the time: bounds how late a lapse and a stall are seen. */
export const TICK_MS = 250

/** A tick later than this is a stall of our own loop, and moves every deadline by the delay. */
export const STALL_MS = 1_000

/** A stall longer than this makes the node a new incarnation that vouches for nothing. */
export const LOST_MS = 5_000

/** A tombstone lives this long; what is older by its version is nobody's truth any more. */
export const HORIZON_MS = 7_200_000

/** For the last of its life a record is in no digest: nodes forget it at slightly different times. */
export const QUIET_MS = HORIZON_MS / 10

/** A node that was not heard of for so long is no member any more. */
export const MEMBER_HORIZON_MS = 86_400_000

/** A live record renewed at home gets a new version when its own is this old, far from the horizon. */
export const REFRESH_MS = HORIZON_MS / 4

/** Stamps further ahead of our wall clock than this are merged but do not move our clock. */
export const FOLLOW_MS = 60_000

/** Records stamped further ahead than this are refused. */
export const REFUSE_MS = 86_400_000

/** Changes of one service within this time of the first leave as one. */
export const COALESCE_MS = 20

/** Share of a set that may leave at once, or per ttl while the set is protected. */
export const LOSS_RATIO = 0.15

/** Losses up to this many leave at once whatever their share. */
export const LOSS_FREE = 3

/** A set smaller than this is not protected for itself. */
export const PROTECTED_SIZE_MIN = 10

/** Longest that the protection of the whole node lasts. */
export const NODE_CEILING_MS = 3_600_000

/** Longest that the protection of a service alone lasts, in ttls. */
export const SERVICE_CEILING_TTLS = 10

/** What a ceiling lets go leaves over this time, not in one tick. */
export const RELEASE_MS = 60_000

/** Events remembered per instance for `explain`. */
export const HISTORY_MAX = 64

/** What one tick visits in the wheel, or attends of lost homes, at most: a mass lapse must not block the loop. */
export const VISITS_PER_TICK = 20_000

/** A cancel is answered when a peer has it, or after this. */
export const SHIP_WAIT_MS = 200
