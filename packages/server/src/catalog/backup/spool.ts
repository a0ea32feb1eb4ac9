/**
 * Where the file of a backup lies from when it arrives until it is restored. It is there for one
 * restore only: what a node that was killed has left is removed at its next start.
 *
 * @module
 */

import { createReadStream, statfsSync } from 'node:fs'
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { RegistryError } from '@rollcall/protocol/errors'

/** What is left to everybody else on the disk: the table of instances, the catalog's own writes. */
const RESERVE_BYTES = 4 * 1_024 * 1_024
/** The disk is asked for its room after so much. */
const LOOK_EVERY_BYTES = 1_024 * 1_024
const READ_BYTES = 256 * 1_024

export class Spool implements AsyncDisposable {
  readonly #folder: string
  readonly #file: FileHandle
  #bytes = 0
  #lookAt = 0

  private constructor(folder: string, file: FileHandle) {
    this.#folder = folder
    this.#file = file
  }

  /** Removes what is there of an earlier one. Throws `engine_full`, or `unavailable` where the folder cannot be used. */
  static async open(folder: string): Promise<Spool> {
    return await onDisk(folder, async () => {
      await Spool.remove(folder)
      await mkdir(folder, { mode: 0o700, recursive: true })
      return new Spool(folder, await open(join(folder, 'upload.ndjson'), 'wx+', 0o600))
    })
  }

  /** Removes whatever is left of one that nobody has disposed of. */
  static async remove(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true })
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Throws `engine_full` before the disk has nothing left, and `unavailable` for what else it says. */
  async append(chunk: Uint8Array): Promise<void> {
    await onDisk(this.#folder, async () => {
      if (this.#bytes >= this.#lookAt) this.#look()
      for (let at = 0; at < chunk.length;) {
        const { bytesWritten } = await this.#file.write(chunk, at)
        at += bytesWritten
      }
      this.#bytes += chunk.length
    })
  }

  /** All that was appended, from the start. */
  read(): AsyncIterable<Buffer> {
    const path = join(this.#folder, 'upload.ndjson')
    return createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
    await Spool.remove(this.#folder)
  }

  #look(): void {
    this.#lookAt = this.#bytes + LOOK_EVERY_BYTES
    const { bavail, bsize } = statfsSync(this.#folder)
    const freeBytes = bavail * bsize
    if (freeBytes < RESERVE_BYTES) throw full(this.#folder, { freeBytes })
  }
}

async function onDisk<T>(folder: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!isSystemError(error)) throw error
    if (error.code === 'ENOSPC' || error.code === 'EDQUOT') throw full(folder, {})
    const message = `The backup cannot be kept in "${folder}" (${error.message}); look at the disk.`
    throw new RegistryError('unavailable', message, { cause: error })
  }
}

function full(folder: string, details: { readonly freeBytes?: number }): RegistryError {
  const message = `The disk of "${folder}" has no room for the backup; make room on it.`
  return new RegistryError('engine_full', message, { details: { ...details } })
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
