/**
 * Whether the file can be written to and is still ours. A disk that is full comes back by
 * itself; a folder that is gone has to be brought back; a disk that lost what it had confirmed
 * to have needs a restart.
 *
 * @module
 */

import { statSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { RegistryError } from '@rollcall/protocol/errors'
import type { Clock, Logger } from '@rollcall/runtime'

/** How old a look at the file may be when a commit is answered. */
const LOOK_EVERY_MS = 1_000
/** Less room than this is none. */
const FULL_BELOW_BYTES = 1_024 * 1_024

export type BrokenReason =
  'disk_full' | 'write_failed' | 'not_responding' | 'folder_gone' | 'not_synced'

export interface Broken {
  readonly reason: BrokenReason
  /** What is wrong and what to do, as one sentence. */
  readonly message: string
}

export interface HealthOptions {
  readonly folder: string
  readonly io: Clock
  readonly log: Logger
}

export class Health {
  readonly #options: HealthOptions
  readonly #file: string
  readonly #identity: string | undefined
  readonly #listeners = new Set<() => void>()
  #broken: Broken | undefined
  #lookedMs: number

  /** The file must be there. */
  constructor(options: HealthOptions) {
    this.#options = options
    this.#file = join(options.folder, 'data.mdb')
    this.#identity = identityOf(this.#file)
    this.#lookedMs = options.io.monotonicMs()
  }

  get broken(): Broken | undefined {
    return this.#broken
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A write failed; says so until one succeeds. */
  writeFailed(error: unknown): void {
    const said = error instanceof Error ? error.message : String(error)
    const isFull = roomIn(this.#options.folder) < FULL_BELOW_BYTES
    const where = `"${this.#options.folder}"`
    this.set(
      isFull
        ? { reason: 'disk_full', message: `The disk of ${where} is full; make room on it.` }
        : {
            reason: 'write_failed',
            message: `Writing to ${where} failed (${said}); look at the disk.`,
          },
    )
  }

  set(broken: Broken | undefined): void {
    if (this.#broken?.reason === broken?.reason) return
    const { log, folder } = this.#options
    if (broken) log.error({ folder, reason: broken.reason }, 'the catalog cannot be written')
    else log.info({ folder }, 'the catalog can be written again')
    this.#broken = broken
    for (const listener of this.#listeners) listener()
  }

  /** Looks whether the file is still the one that was opened, unless that was done just now. */
  look(): void {
    const nowMs = this.#options.io.monotonicMs()
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return
    this.#lookedMs = nowMs
    const isOurs = identityOf(this.#file) === this.#identity
    if (!isOurs && this.#broken?.reason !== 'not_synced') this.set(gone(this.#file))
    if (isOurs && this.#broken?.reason === 'folder_gone') this.set(undefined)
  }

  /** What a commit is told while nothing can be written. */
  refusal(): RegistryError | undefined {
    const broken = this.#broken
    if (!broken) return undefined
    const details = { reason: broken.reason }
    return new RegistryError('unavailable', broken.message, { details })
  }

  /** Room on the disk; infinite where nobody says. */
  freeBytes(): number {
    return roomIn(this.#options.folder)
  }

  sizeBytes(): number {
    try {
      return statSync(this.#file).size
    } catch {
      return 0
    }
  }
}

function gone(file: string): Broken {
  const message = `The file "${file}" is gone or another one; bring it back, or restart the server.`
  return { reason: 'folder_gone', message }
}

function identityOf(file: string): string | undefined {
  try {
    const { dev, ino } = statSync(file)
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

function roomIn(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
