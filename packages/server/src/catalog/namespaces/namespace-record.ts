/**
 * A namespace as the engine keeps it.
 *
 * @module
 */

import type { NamespaceKind } from '../resource-catalog.ts'

/** What `i/<id>` holds. */
export interface NamespaceRecord {
  /** Id of the namespace that it is in; empty for the root. */
  readonly parent: string
  /** Empty for the root: its name is configured. */
  readonly name: string
  readonly kind: NamespaceKind
  readonly match: string | undefined
  readonly comment: string
}

export const ROOT_ID = '0'
/** The leaf of machines that match nowhere. */
export const POOL_ID = '1'
export const POOL_NAME = 'pool'

const ROOT: NamespaceRecord = {
  parent: '',
  name: '',
  kind: 'inner',
  match: undefined,
  comment: '',
}

/**
 * What is there in every catalog, also before anything was written about it. Neither can be
 * deleted, renamed or moved.
 */
export const BUILT_IN: ReadonlyMap<string, NamespaceRecord> = new Map([
  [ROOT_ID, ROOT],
  [POOL_ID, { ...ROOT, parent: ROOT_ID, name: POOL_NAME, kind: 'leaf' }],
])

export function encodeNamespace(record: NamespaceRecord): Uint8Array {
  return Buffer.from(JSON.stringify(record))
}

export function decodeNamespace(value: Uint8Array): NamespaceRecord {
  const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString()
  const stored = JSON.parse(text) as NamespaceRecord
  return { ...stored, match: stored.match }
}

/** Whether bytes are such a record: whoever takes them from outside looks first. */
export function isNamespace(value: Uint8Array): boolean {
  try {
    const stored = decodeNamespace(value) as Partial<NamespaceRecord>
    const { parent, name, kind, match, comment } = stored
    return (
      [parent, name, comment].every((text) => typeof text === 'string') &&
      (kind === 'leaf' || kind === 'inner') &&
      (match === undefined || typeof match === 'string')
    )
  } catch {
    return false
  }
}
