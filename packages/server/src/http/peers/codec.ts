/**
 * The codec of messages, from the plane that owns them.
 *
 * @module
 */

export { encodeMessage, MessageDecoder } from '../../instances/index.ts'
