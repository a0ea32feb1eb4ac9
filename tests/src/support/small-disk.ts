/**
 * A disk that is full when a test says so: a small file system in memory.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts'

const CHUNK = Buffer.alloc(64 * 1_024, 'x')

export class SmallDisk implements AsyncDisposable {
  readonly path: string
  readonly #folder: TemporaryFolder

  private constructor(folder: TemporaryFolder) {
    this.#folder = folder
    this.path = folder.path
  }

  /** Mounts a new one. Throws what to do about it where that is not allowed. */
  static async mount(mebibytes: number): Promise<SmallDisk> {
    const folder = await temporaryFolder()
    try {
      const options = `size=${mebibytes}m`
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder.path], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
    } catch (error) {
      await folder[Symbol.asyncDispose]()
      const message =
        'This test fills a disk, and mounts a small one for that, which takes root: run `sudo npm test -- process`.'
      throw new Error(message, { cause: error })
    }
    return new SmallDisk(folder)
  }

  /** Leaves no byte free. */
  fill(): void {
    const file = openSync(this.#filler, 'a')
    try {
      for (let chunk = CHUNK; chunk.length > 0;) {
        try {
          if (writeSync(file, chunk) === 0) return
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
          chunk = chunk.subarray(0, Math.floor(chunk.length / 2))
        }
      }
    } finally {
      closeSync(file)
    }
  }

  /** Makes the room free again that `fill` took. */
  free(): void {
    rmSync(this.#filler)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Who still has a file open there keeps it until he ends.
    execFileSync('umount', ['--lazy', this.path])
    await this.#folder[Symbol.asyncDispose]()
  }

  get #filler(): string {
    return join(this.path, 'filler')
  }
}
