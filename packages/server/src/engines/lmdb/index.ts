/**
 * The catalog's engine on one machine.
 *
 * @module
 */

export { openLmdbEngine, type LmdbEngine, type LmdbEngineOptions } from './engine.ts'
