/**
 * Whether what arrived is a whole backup. Only its last line says so: how many bytes there should
 * be nobody knows before, and a connection may end in a proper way too early.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { RegistryError } from '@rollcall/protocol'

const NEWLINE = 10
/** Longer than any line of a backup. */
const LINE_MAX_BYTES = 4 * 1_024 * 1_024

/** What the last line says of a backup that is whole. */
export interface WholeBackup {
  readonly revision: number
  /** Keys. */
  readonly count: number
  readonly bytes: number
}

/** Sees all bytes of a backup as they arrive, and holds on to its last line only. */
export class BackupCheck {
  readonly #hash = createHash('sha256')
  /** Since the start of the line that may be the last. */
  #held: Uint8Array[] = []
  #heldBytes = 0
  #bytes = 0

  take(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#bytes += chunk.length
    if (this.#held.at(-1)?.at(-1) === NEWLINE) this.#pass()
    const end = chunk.length > 1 ? chunk.lastIndexOf(NEWLINE, chunk.length - 2) : -1
    if (end < 0) {
      this.#hold(chunk)
      return
    }
    this.#pass()
    this.#hash.update(chunk.subarray(0, end + 1))
    this.#hold(chunk.subarray(end + 1))
  }

  /** Throws `invalid_backup` when the bytes were not all of one. */
  finish(): WholeBackup {
    const said = endOf(Buffer.concat(this.#held).toString())
    if (!said) {
      const message =
        'The backup broke off before its last line; nothing of it is kept. Take it again.'
      throw new RegistryError('invalid_backup', message, { details: { reason: 'truncated' } })
    }
    const { count, revision, sha256 } = said
    if (this.#hash.digest('hex') === sha256) return { count, revision, bytes: this.#bytes }
    const message =
      'The backup is not what the registry sent; nothing of it is kept. Take it again.'
    throw new RegistryError('invalid_backup', message, { details: { reason: 'checksum' } })
  }

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes <= LINE_MAX_BYTES) return
    const message = 'The registry sent something that is no backup; is it a registry?'
    throw new RegistryError('invalid_backup', message, { details: { reason: 'line_too_long' } })
  }

  #pass(): void {
    for (const bytes of this.#held) this.#hash.update(bytes)
    this.#held = []
    this.#heldBytes = 0
  }
}

interface End {
  readonly end: true
  readonly count: number
  readonly sha256: string
  readonly revision: number
}

function endOf(line: string): End | undefined {
  if (!line.endsWith('\n')) return undefined
  try {
    const said = JSON.parse(line) as Partial<End> | null
    return said?.end === true ? (said as End) : undefined
  } catch {
    return undefined
  }
}
