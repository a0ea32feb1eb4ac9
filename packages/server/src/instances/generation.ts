/**
 * Which life of a client speaks: an old process must not undo what its successor did.
 *
 * @module
 */

import { RegistryError, invalidArgument } from '@rollcall/protocol/errors'
import { LIMITS } from '../model/limits.ts'
import type { Life } from './record.ts'
import { compareStamps, generationOf, sessionOf, type Stamp } from './stamp.ts'

/** How a client's generation stands to the one on record; `none` when it sent no session. */
export type Seniority = 'none' | 'older' | 'same' | 'newer'

/** Compares a client's session with a record's life. */
export function seniority(session: number | undefined, life: Life | null): Seniority {
  if (session === undefined) return 'none'
  if (life === null) return 'newer'
  const order = compareStamps(generationOf(session), life.gen)
  if (order === 0) return 'same'
  return order < 0 ? 'older' : 'newer'
}

/** Refuses a session that cannot be the start of a client process. */
export function checkSession(session: number | undefined, wallMs: number): void {
  if (session === undefined) return
  if (session >= LIMITS.sessionMin && session <= wallMs + LIMITS.sessionAheadMaxMs) return
  const message =
    'session must be the epoch milliseconds at which the client process started, and not more than a minute ahead of this node.'
  throw invalidArgument(message, { field: 'session', session, nodeTime: wallMs })
}

/** A newer process holds the instance, or this one cancelled it. */
export function superseded(gen: Stamp): RegistryError {
  const message =
    'A newer process of this instance has registered, or this one was cancelled; stop, or register with a greater session.'
  return new RegistryError('superseded', message, { details: { session: sessionOf(gen) } })
}
