/**
 * What the disk does to those who wait for it.
 *
 * @module
 */

import { open, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@rollcall/runtime'
import { quantile } from './quantile.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** `TMPFS_MAGIC` of statfs(2). */
const TMPFS = 0x01_02_19_94
const WRITES = 100
const BYTES = 4_096

/**
 * Milliseconds, the median, until a page that was written is on the disk on which all who are
 * measured keep their data. Rejects where that is memory: nobody would wait for anything.
 */
export async function flushMs(): Promise<number> {
  await using folder = await temporaryFolder()
  const { type } = await statfs(folder.path)
  if (type === TMPFS) throw new Error(`${folder.path} is memory; durable writes need a disk.`)
  const file = await open(join(folder.path, 'page'), 'w')
  try {
    const page = Buffer.alloc(BYTES, 1)
    const took: number[] = []
    for (let write = 0; write < WRITES; write += 1) {
      const sinceMs = systemClock.monotonicMs()
      await file.write(page, 0, BYTES, 0)
      await file.datasync()
      took.push(systemClock.monotonicMs() - sinceMs)
    }
    return quantile(Float64Array.from(took).sort(), 0.5)
  } finally {
    await file.close()
  }
}
