/**
 * What an instance says of itself, and what an operator may say over it.
 *
 * @module
 */

export type { InstanceStatus } from '@rollcall/protocol'
