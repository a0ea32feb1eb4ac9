/**
 * The catalog's engine that forgets: for tests, and for `--engine memory`.
 *
 * @module
 */

export { createMemoryEngine, type MemoryEngineOptions } from './engine.ts'
