/**
 * Folders for the data of those who are measured.
 *
 * @module
 */

import { mkdirSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CACHE } from './paths.ts'

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
}

const inUse = new Set<string>()

/** Removes those that are still there. Called when this process ends before its work does. */
export function removeTemporaryFolders(): void {
  for (const path of inUse) rmSync(path, { recursive: true, force: true, maxRetries: 5 })
}

/**
 * Makes an empty folder in the checkout; disposing removes it with all that is in it. Not in
 * the system's folder for temporary files, which is memory on many machines: a peer that
 * writes to disk before it answers must do so here too.
 */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const parent = join(CACHE, 'bench-data')
  mkdirSync(parent, { recursive: true })
  const path = await mkdtemp(join(parent, 'run-'))
  inUse.add(path)
  const remove = async () => {
    await rm(path, { recursive: true, force: true })
    inUse.delete(path)
  }
  return { path, [Symbol.asyncDispose]: remove }
}
