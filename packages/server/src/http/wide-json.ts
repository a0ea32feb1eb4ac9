/**
 * JSON in which whole numbers beyond 2^53 keep every digit: `JSON.stringify` refuses them,
 * and some protocols count nanoseconds.
 *
 * @module
 */

export type WideJson =
  | string
  | number
  | boolean
  | bigint
  | null
  | readonly WideJson[]
  | { readonly [key: string]: WideJson | undefined }

/** Encodes as `JSON.stringify` does, and a bigint as a bare integer. */
export function encodeWide(value: WideJson): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (isList(value)) return `[${value.map(encodeWide).join(',')}]`
  const pairs: string[] = []
  for (const [key, part] of Object.entries(value)) {
    if (part !== undefined) pairs.push(`${JSON.stringify(key)}:${encodeWide(part)}`)
  }
  return `{${pairs.join(',')}}`
}

function isList(value: object): value is readonly WideJson[] {
  return Array.isArray(value)
}
