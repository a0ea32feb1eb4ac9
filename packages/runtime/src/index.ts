/**
 * What every package runs on: time, turns of the event loop, randomness, actors, backoff, the
 * logger port.
 *
 * @module
 */

export { start, together, untilAborted, type Actor, type Running } from './actors.ts'
export { Backoff, type BackoffOptions } from './backoff.ts'
export { sleepOn, systemClock, type Clock } from './clock.ts'
export { inLine } from './in-line.ts'
export { invariant } from './invariant.ts'
export { silentLog, type LogFields, type Logger } from './logger.ts'
export { sample, seededRandom, systemRandom, type Random } from './random.ts'
