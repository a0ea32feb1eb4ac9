/**
 * The command line as a function, for those who want it without a process.
 *
 * @module
 */

export type { Context, Environment, Io } from './context.ts'
export type { Lifetime } from './lifetime.ts'
export { runProgram } from './program.ts'
export type { ServerFlags, ServerModule, ServerOption } from './server-module.ts'
