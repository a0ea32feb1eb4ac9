/**
 * Fakes of what the machine provides, for tests.
 *
 * @module
 */

export { FakeClock } from './fake-clock.ts'
export { until } from './until.ts'
