/**
 * The limits of channels between nodes.
 *
 * @module
 */

import { API_BASE } from '@rollcall/protocol'

/** Where a node lets others in, on its one port. */
export const PEER_PATH = `${API_BASE}/cluster/peer`

/** What both ends must speak. A change of the handshake or of any message gets a new number. */
export const PROTOCOL = 'rollcall-peer/2'

/** Of one message. A batch is a sixteenth of it. */
export const MESSAGE_MAX_BYTES = 8 * 1_024 * 1_024

/** What anybody may send before it has proved to be a peer, and all that an accepter ever says. */
export const HANDSHAKE_MAX_BYTES = 16_384

/** From dialling to the end of the handshake. */
export const HANDSHAKE_WITHIN_MS = 5_000

/** A channel in which so much waits takes no more. */
export const FULL_AT_BYTES = 4 * 1_024 * 1_024

/** Each end says that it is there. */
export const PING_EVERY_MS = 5_000

/** A channel is broken when nothing came in so many turns: counted, so that our own stall is no silence. */
export const SILENT_TURNS_MAX = 3

export const REDIAL_FIRST_MS = 100
export const REDIAL_MAX_MS = 2_000

/** How long the other end is given to agree to a close; its buffers may be full of what it never reads. */
export const CLOSE_WITHIN_MS = 1_000
