/**
 * Backups as a program that knows only their description would write them.
 *
 * @module
 */

import { createHash } from 'node:crypto'

export interface BackupContent {
  /** Before the number of each key. */
  readonly prefix: string
  readonly keys: number
  readonly value: string
}

const DIGITS = 7

export function keyAt(prefix: string, at: number): string {
  return prefix + String(at).padStart(DIGITS, '0')
}

/** The file of a backup of so many keys that all have one value. */
export function backupFile({ prefix, keys, value }: BackupContent): Buffer {
  const v = Buffer.from(value).toString('base64')
  const header = {
    format: 'rollcall-backup',
    version: 1,
    generation: 1,
    revision: keys,
    createdAt: 1_700_000_000_000,
  }
  const lines = Array.from({ length: keys }, (_, at) => ({ k: `k/${keyAt(prefix, at)}`, v }))
  const text = [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('')
  const sha256 = createHash('sha256').update(text).digest('hex')
  const end = { end: true, count: keys, sha256, revision: keys }
  return Buffer.from(`${text}${JSON.stringify(end)}\n`)
}
