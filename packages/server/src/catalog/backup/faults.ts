/**
 * What can be wrong with the file of a backup.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'

/** In the words of `docs/reference/errors.md`. */
export type BackupFault =
  | 'header'
  | 'newer_version'
  | 'line_too_long'
  | 'not_utf8'
  | 'not_json'
  | 'line'
  | 'key'
  | 'key_order'
  | 'ephemeral'
  | 'value'
  | 'lease'
  | 'namespace'
  | 'count'
  | 'checksum'
  | 'revision'
  | 'truncated'
  | 'after_end'

/** `message` is a whole sentence; the line, counted from 1, is put before it. */
export function invalidBackup(line: number, reason: BackupFault, message: string): RegistryError {
  return new RegistryError('invalid_backup', `Line ${line}: ${message}`, {
    details: { line, reason },
  })
}
