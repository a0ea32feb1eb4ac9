/**
 * Files that users name.
 *
 * @module
 */

import { createReadStream } from 'node:fs'
import { invalidArgument } from '@rollcall/protocol'
import { readAll } from './read-all.ts'

/** Reads a file whole. Throws `limit_exceeded`, and `invalid_argument` where it cannot be read. */
export function readInputFile(path: string, maxBytes: number): Promise<Uint8Array> {
  return orUnreadable(path, () => readAll(createReadStream(path), maxBytes))
}

/** Does something with a file; what the system refuses is then `invalid_argument`. */
export async function orUnreadable<Result>(
  path: string,
  read: () => Promise<Result>,
): Promise<Result> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error
    throw invalidArgument(`The file "${path}" cannot be read (${error.message}).`)
  }
}
