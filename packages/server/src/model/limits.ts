/**
 * The limits that clients know of, for the planes that hold to them.
 *
 * @module
 */

export { LIMITS } from '@rollcall/protocol'
