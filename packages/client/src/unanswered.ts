/**
 * How it is told that no server answered.
 *
 * @module
 */

import { errors } from 'undici'
import { RegistryError } from '@rollcall/protocol'
import { reasonOf } from './linked-signal.ts'
import { isRegistryError } from './problems.ts'
import type { Server } from './servers.ts'

/** How connections fail before a request is on its way. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** What came of asking one server. */
export interface Failure {
  readonly server: Server
  readonly error: RegistryError
}

/** What a failed request means: our own abort as it is, a wrong use as the bug it is, else no server. */
export function unreachable(server: Server, error: unknown, signal: AbortSignal): Error {
  if (signal.aborted) return reasonOf(signal)
  if (error instanceof errors.InvalidArgumentError) return error
  const reason = shortly(error)
  return new RegistryError('unavailable', `${server.url} failed: ${reason}.`, {
    cause: error,
    details: { server: server.url, ...(NEVER_SENT.has(reason) ? {} : { mayBeDone: true }) },
  })
}

/** The refusal of the only server stands for itself; several are one `unavailable` that names them all. */
export function noServer(failures: readonly Failure[]): RegistryError {
  const [first] = failures
  if (failures.length === 1 && first && first.error.cause === undefined) return first.error
  const tried = failures.map(({ server, error }) => `${server.url} (${shortly(error)})`)
  const causes = failures.map(({ error }) => error)
  const message = `No registry server answered; tried ${tried.join(', ')}.`
  return new RegistryError('unavailable', message, {
    cause: causes.length === 1 ? causes[0] : new AggregateError(causes, message),
    details: { servers: failures.map(({ server }) => server.url) },
  })
}

/** The shortest thing that tells one failure from another: a code where there is one. */
function shortly(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (isRegistryError(error) && cause !== undefined) return shortly(cause)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
