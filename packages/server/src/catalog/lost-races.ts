/**
 * Writes that rest on what the view says: who loses a race waits until the view has what it lost
 * to, and decides anew.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { CatalogCore } from './catalog-core.ts'
import type { Commit } from './engine.ts'
import { LOST_RACES_MAX } from './limits.ts'

/** A commit of which a compare did not hold. */
export class Lost {
  /** At which it was judged. */
  readonly revision: number

  constructor(revision: number) {
    this.revision = revision
  }
}

/** The first pause comes after the second loss: waiting for the view was one already. */
const PAUSE_MS = 4

/**
 * Tries until it is won; each try reads the view anew, and throws what that refuses. Rejects with
 * `revision_conflict` after five losses. `what` names the object for people.
 */
export async function untilWon<Answer>(
  core: CatalogCore,
  what: string,
  attempt: () => Promise<Answer | Lost>,
): Promise<Answer> {
  const { clock, random } = core.options
  for (let losses = 1; ; losses += 1) {
    const expected = core.view.revision
    const answer = await attempt()
    if (!(answer instanceof Lost)) return answer
    if (losses === LOST_RACES_MAX) throw lostTooOften(what, expected, answer.revision)
    await core.isBehind(answer.revision)
    if (losses > 1) await clock.sleep(random() * PAUSE_MS * 2 ** losses, core.stopping.signal)
  }
}

/** Commits; answers the revision, or that a compare did not hold. */
export async function commitOrLose(core: CatalogCore, commit: Commit): Promise<number | Lost> {
  const { revision, succeeded } = await core.commit(commit)
  return succeeded ? revision : new Lost(revision)
}

function lostTooOften(key: string, expected: number, actual: number): RegistryError {
  const message = `"${key}" was changed by others at every try; read it again, and try later.`
  return new RegistryError('revision_conflict', message, { details: { key, expected, actual } })
}
