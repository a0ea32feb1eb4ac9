/**
 * A file that is there whole or not at all: it grows under another name, and gets its own when
 * all of it is on the disk.
 *
 * @module
 */

import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

export class WholeFile implements AsyncDisposable {
  readonly #path: string
  readonly #partial: string
  readonly #file: FileHandle
  #isDone = false

  private constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#partial = partialOf(path)
    this.#file = file
  }

  /** For this user alone to read. What was left of an earlier try is written over. */
  static async open(path: string): Promise<WholeFile> {
    return new WholeFile(path, await open(partialOf(path), 'w', 0o600))
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, at)
      at += bytesWritten
    }
  }

  /** Gives it its name, in place of what had it. */
  async finish(): Promise<void> {
    await this.#file.sync()
    await this.#file.close()
    await rename(this.#partial, this.#path)
    this.#isDone = true
    await syncFolder(dirname(this.#path))
  }

  /** Removes what is not finished. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDone) return
    await this.#file.close()
    await rm(this.#partial, { force: true })
  }
}

function partialOf(path: string): string {
  return `${path}.partial`
}

/** So that a loss of power does not take the new name back. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
