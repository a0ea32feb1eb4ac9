/**
 * What is not there, told without an error: whoever reads or deletes may well not know.
 *
 * @module
 */

import { hasCode, type ErrorCode } from '@rollcall/protocol'
import { revisionOf } from './catalog-calls.ts'
import type { Answer } from './answers.ts'

/** What became of a delete. */
export interface Deleted {
  /** False: there was nothing to delete. */
  readonly deleted: boolean
  readonly revision: number | undefined
}

/** What a read answers; undefined where it is refused with this code. */
export async function unlessAbsent<T>(absent: ErrorCode, read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if (hasCode(error, absent)) return undefined
    throw error
  }
}

/** What a delete did; nothing where it is refused with this code. */
export async function deletion(absent: ErrorCode, write: Promise<Answer>): Promise<Deleted> {
  const answer = await unlessAbsent(absent, write)
  return { deleted: answer !== undefined, revision: answer && revisionOf(answer) }
}
