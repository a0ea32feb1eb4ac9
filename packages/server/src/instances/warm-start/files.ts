/**
 * Where in the data folder the warm-start file stands, and what may stand beside it.
 *
 * @module
 */

import { open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

const FILE = 'instances.ndjson'
const DAMAGED = `${FILE}.damaged-`
const DAMAGED_MAX = 3

export interface WarmStartFiles {
  readonly folder: string
  readonly file: string
  /** Is written first, and takes the place of `file` once it is whole. */
  readonly unfinished: string
}

export function warmStartFiles(folder: string): WarmStartFiles {
  const file = join(folder, FILE)
  return { folder, file, unfinished: `${file}.tmp` }
}

/** Makes a rename in a folder outlast a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Moves a damaged file out of the way, for a person to look at, and answers its new path.
 * The two latest of those before stay too.
 */
export async function setAside(files: WarmStartFiles, wallMs: number): Promise<string> {
  const name = `${DAMAGED}${wallMs}`
  await rename(files.file, join(files.folder, name))
  const others = (await readdir(files.folder))
    .filter((other) => other.startsWith(DAMAGED) && other !== name)
    .sort((left, right) => timeOf(right) - timeOf(left))
  for (const old of others.slice(DAMAGED_MAX - 1)) await rm(join(files.folder, old))
  return join(files.folder, name)
}

function timeOf(name: string): number {
  return Number(name.slice(DAMAGED.length)) || 0
}

/** Tells what the disk or the operating system refused from a bug of ours. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
