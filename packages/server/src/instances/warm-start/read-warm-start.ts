/**
 * What a node finds of its earlier life when it starts.
 *
 * @module
 */

import { rm } from 'node:fs/promises'
import type { Clock, Logger } from '@rollcall/runtime'
import { isSystemError, setAside, warmStartFiles } from './files.ts'
import { DamagedFileError, readTable, type StoredTable } from './reader.ts'

export interface ReadOptions {
  /** The data folder; must exist. */
  readonly folder: string
  /** The node's id. */
  readonly node: string
  readonly clock: Pick<Clock, 'wallMs'>
  readonly log: Logger
}

/**
 * Reads the warm-start file; undefined where there is none, or none that can be used, or when
 * `signal` aborts. What cannot be used is set aside with a warning. Removes what a write left
 * unfinished. Rejects only when the folder itself cannot be worked with.
 */
export async function readWarmStart(
  options: ReadOptions,
  signal: AbortSignal,
): Promise<StoredTable | undefined> {
  const { folder, node, clock, log } = options
  const files = warmStartFiles(folder)
  await rm(files.unfinished, { force: true })
  try {
    const stored = await readTable(files.file, signal)
    if (!stored) return undefined
    const { header, instances } = stored
    if (header.node !== node) {
      log.info({ writtenBy: header.node }, 'the warm-start file is of a node of another name')
    }
    const { writtenAt } = header
    log.info({ count: instances.length, writtenAt }, 'read the warm-start file')
    return stored
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined
    if (!(error instanceof DamagedFileError) && !isSystemError(error)) throw error
    const keptAs = await setAside(files, clock.wallMs())
    const message = 'the warm-start file cannot be used; set aside, starting empty'
    log.warn({ reason: error.message, keptAs }, message)
    return undefined
  }
}
