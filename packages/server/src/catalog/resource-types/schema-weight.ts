/**
 * What a schema of a user may be made of. It is compiled to a program, so it is bounded before:
 * in size as it is, and as its references unfold it, since a few lines that refer to each other
 * twice double at each line.
 *
 * @module
 */

import { invalidArgument, limitExceeded } from '@rollcall/protocol/errors'
import { SCHEMA_LIMITS } from '../limits.ts'

const FIELD = 'schema'
/** What would name other documents, or lead round in a ring, or make validation wait. */
const REFUSED: ReadonlySet<string> = new Set([
  '$id',
  'id',
  '$anchor',
  '$dynamicAnchor',
  '$dynamicRef',
  '$recursiveAnchor',
  '$recursiveRef',
  '$vocabulary',
  '$async',
])
const LOCAL = '#/'

/** Throws `invalid_argument` or `limit_exceeded`. */
export function checkSchemaShape(schema: object): void {
  let weight = 0
  const visit = (value: unknown, open: readonly string[], isNamed: boolean): void => {
    if (typeof value !== 'object' || value === null) return
    weight += 1
    if (weight > SCHEMA_LIMITS.parts) {
      throw limitExceeded('schema parts', SCHEMA_LIMITS.parts, weight)
    }
    for (const [name, inner] of Object.entries(value)) {
      if (!isNamed && name === '$ref') follow(inner, open)
      else if (!isNamed && REFUSED.has(name)) throw refused(`"${name}" is not taken`)
      else visit(inner, open, !isNamed && NAMED.has(name))
    }
  }
  const follow = (reference: unknown, open: readonly string[]): void => {
    if (typeof reference !== 'string' || !reference.startsWith(LOCAL)) {
      throw refused('"$ref" leads to what is in the schema itself, as in "#/$defs/name"')
    }
    if (open.includes(reference)) throw refused(`"${reference}" refers to itself`)
    visit(resolve(schema, reference), [...open, reference], false)
  }
  visit(schema, [], false)
  const bytes = Buffer.byteLength(JSON.stringify(schema))
  if (bytes > SCHEMA_LIMITS.bytes) throw limitExceeded('schema bytes', SCHEMA_LIMITS.bytes, bytes)
}

/** What is below these is named by users and is no keyword. */
const NAMED: ReadonlySet<string> = new Set([
  '$defs',
  'definitions',
  'properties',
  'patternProperties',
  'dependentSchemas',
  'dependentRequired',
])

function resolve(schema: object, reference: string): object {
  let found: unknown = schema
  for (const step of reference.slice(LOCAL.length).split('/')) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    const isThere = typeof found === 'object' && found !== null && Object.hasOwn(found, name)
    found = isThere ? (found as Readonly<Record<string, unknown>>)[name] : undefined
  }
  if (typeof found !== 'object' || found === null) throw refused(`"${reference}" leads nowhere`)
  return found
}

export function refused(reason: string) {
  return invalidArgument(`The schema cannot be used: ${reason}.`, { field: FIELD, reason })
}
