/**
 * From what went wrong to an exit code and to what is said about it.
 *
 * @module
 */

import { CommanderError } from 'commander'
import type { RegistryError } from '@rollcall/protocol'
import { jsonLine } from './output.ts'

/** How the process ends. */
export const EXIT = { done: 0, failed: 1, wrongUsage: 2, notFound: 3 } as const

/** Decides the exit code of an error. Asking for help or the version is none. */
export function exitCodeOf(error: unknown): number {
  const cause = rootOf(error)
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? EXIT.done : EXIT.wrongUsage
  if (!isRegistryError(cause)) return EXIT.failed
  if (cause.code === 'invalid_argument') return EXIT.wrongUsage
  return cause.code.endsWith('_not_found') ? EXIT.notFound : EXIT.failed
}

/**
 * Says what went wrong: one sentence, or one line of JSON with `type`, `code`, `detail` and
 * `details`. Undefined where help or the version was asked for and has been shown.
 */
export function errorText(error: unknown, { json }: { json: boolean }): string | undefined {
  const cause = rootOf(error)
  if (cause instanceof CommanderError && isShown(cause)) return undefined
  const { code, detail, details = {} } = problemOf(cause)
  if (json) return jsonLine({ type: `urn:rollcall:error:${code}`, code, detail, details })
  return detail
}

interface ShownProblem {
  readonly code: string
  readonly detail: string
  readonly details?: object
}

function problemOf(error: unknown): ShownProblem {
  if (error instanceof CommanderError) {
    return { code: 'invalid_argument', detail: usageSentence(error) }
  }
  if (isRegistryError(error)) {
    return { code: error.code, detail: error.message, details: error.details }
  }
  return { code: 'internal', detail: bugText(error) }
}

/** An actor that was made of several wraps what happened; the first failure is what ended it. */
function rootOf(error: unknown): unknown {
  if (!(error instanceof AggregateError)) return error
  const errors: readonly unknown[] = error.errors
  return errors.length === 0 ? error : rootOf(errors[0])
}

/** By name and code: there may be two copies of the package. */
function isRegistryError(error: unknown): error is RegistryError {
  return error instanceof Error && error.name === 'RegistryError' && 'code' in error
}

function isShown({ code }: CommanderError): boolean {
  return ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(code)
}

/** Commander says "error: unknown command 'x'\n(Did you mean y?)". */
function usageSentence({ message }: CommanderError): string {
  const text = message.replace(/^error: /, '').replace(/\n\((Did you mean .*\?)\)$/, '. $1')
  const sentence = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.?]$/.test(sentence) ? sentence : `${sentence}.`
}

/** What the system refuses says so itself; only a bug needs to be found by its stack. */
function bugText(error: unknown): string {
  if (!(error instanceof Error)) return `Something was thrown that is no error: ${String(error)}`
  if ('syscall' in error) return error.message
  return `This is a bug in rollcall. ${error.stack ?? error.message}`
}
