/**
 * The grammar of names, for the planes that hold to it.
 *
 * @module
 */

export { isName } from '@rollcall/protocol'
