/**
 * The description of a type as the engine keeps it.
 *
 * @module
 */

export interface TypeRecord {
  /** A property that is unique in one namespace. Undefined: the id alone tells resources apart. */
  readonly primaryKey: string | undefined
  /** JSON Schema. Undefined: anything goes. */
  readonly schema: unknown
}

export function encodeType(record: TypeRecord): Uint8Array {
  return Buffer.from(JSON.stringify(record))
}

export function decodeType(value: Uint8Array): TypeRecord {
  const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString()
  const { primaryKey, schema } = JSON.parse(text) as TypeRecord
  return { primaryKey, schema }
}

/** Whether bytes are such a record: whoever takes them from outside looks first. */
export function isType(value: Uint8Array): boolean {
  try {
    const { primaryKey } = decodeType(value) as { primaryKey: unknown }
    return primaryKey === undefined || typeof primaryKey === 'string'
  } catch {
    return false
  }
}
