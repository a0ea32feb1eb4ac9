/**
 * What every package runs on: time, randomness, actors, backoff, the logger port.
 *
 * @module
 */

export { start, together, untilAborted, type Actor, type Running } from './actors.ts'
export { Backoff, type BackoffOptions } from './backoff.ts'
export { sleepOn, systemClock, type Clock } from './clock.ts'
export { invariant } from './invariant.ts'
export { silentLog, type LogFields, type Logger } from './logger.ts'
export { sample, seededRandom, systemRandom, type Random } from './random.ts'
