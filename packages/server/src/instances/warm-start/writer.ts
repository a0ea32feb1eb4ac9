/**
 * Writes the table to disk while the node goes on serving: a few milliseconds of work, then
 * a rest. The file takes the place of the old one only when it is whole and on the disk, so
 * that whoever is killed at any moment finds one or the other.
 *
 * Entries may change between two slices: each line is its entry at the moment of writing,
 * and merge makes that enough. Iterators of maps live through changes of the map.
 *
 * @module
 */

import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import type { Clock } from '@rollcall/runtime'
import type { Entry } from '../entry.ts'
import type { Header } from './codec.ts'
import { syncFolder, type WarmStartFiles } from './files.ts'
import { TableLines, type Written } from './table-lines.ts'

/** One write: of what, where, and how fast. */
export interface WriteJob {
  readonly files: WarmStartFiles
  readonly header: Header
  readonly entries: Iterable<Entry>
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  /** How long to rest after a slice, in times of the slice. */
  readonly restFactor: number
}

/** Under the 5 ms of the specification by what the last line and the last hash may take. */
const SLICE_MS = 4

/**
 * Writes the file and puts it in place. Resolves undefined when `signal` aborts before it was
 * whole, and rejects when the disk refuses; in both cases the old file stays as it is.
 */
export async function writeTable(job: WriteJob, signal: AbortSignal): Promise<Written | undefined> {
  const { folder, file, unfinished } = job.files
  let placed = false
  try {
    const written = await writeUnfinished(job, signal)
    if (!written) return undefined
    await rename(unfinished, file)
    placed = true
    await syncFolder(folder)
    return written
  } finally {
    if (!placed) await rm(unfinished, { force: true })
  }
}

async function writeUnfinished(job: WriteJob, signal: AbortSignal): Promise<Written | undefined> {
  const handle = await open(job.files.unfinished, 'w', 0o600)
  try {
    const written = await writeLines(job, { handle, signal })
    if (written) await handle.sync()
    return written
  } finally {
    await handle.close()
  }
}

async function writeLines(
  job: WriteJob,
  { handle, signal }: { readonly handle: FileHandle; readonly signal: AbortSignal },
): Promise<Written | undefined> {
  const { clock, restFactor } = job
  const lines = new TableLines(job)
  for (;;) {
    const fromMs = clock.monotonicMs()
    while (lines.addNext()) if (clock.monotonicMs() - fromMs >= SLICE_MS) break
    const bytes = lines.take()
    const tookMs = clock.monotonicMs() - fromMs
    await handle.appendFile(bytes)
    if (lines.ended) return lines.written
    if (!(await clock.sleep(tookMs * restFactor, signal))) return undefined
  }
}
