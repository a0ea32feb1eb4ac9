/**
 * The port through which everything logs. Constant message, facts as fields; never tokens,
 * values or bodies. Levels: error = someone must act; warn = it was worked around; info =
 * a change of state; debug = for developers.
 *
 * @module
 */

export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  error(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  debug(fields: LogFields, message: string): void
}

const nothing = () => {}

/** Says nothing. */
export const silentLog: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing }
