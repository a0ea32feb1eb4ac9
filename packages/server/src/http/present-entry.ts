/**
 * How a key is shown in JSON.
 *
 * @module
 */

import type { KvEntry } from '@rollcall/protocol'
import type { KeyValue } from '../catalog/index.ts'
import { base64Of } from './base64.ts'

/** An entry as lists show it. */
export function presentEntry(entry: KeyValue, keysOnly = false): KvEntry {
  const { key, value, modRevision, createRevision, lease } = entry
  return {
    key,
    ...(!keysOnly && { valueBase64: base64Of(value) }),
    modRevision,
    createRevision,
    ...(lease > 0 && { lease }),
  }
}
