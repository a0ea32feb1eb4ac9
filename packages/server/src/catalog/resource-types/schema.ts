/**
 * JSON Schemas of users (draft 2020-12): compiled once, asked for every resource that is written.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import { Ajv2020, type ErrorObject, type Options } from 'ajv/dist/2020.js'
import { PatternCache } from '../patterns.ts'
import type { Properties } from '../resource-catalog.ts'
import { checkSchemaShape, refused } from './schema-weight.ts'

/** Where and why properties do not fit; undefined: they do. */
export interface Misfit {
  /** JSON pointer into the properties. */
  readonly path: string
  readonly reason: string
}

export type Schema = (properties: Properties) => Misfit | undefined

const patterns = new PatternCache()

/** The language's own expressions can be kept busy for years by a short pattern. */
const linearTime = Object.assign(
  (pattern: string) => {
    const compiled = patterns.get(pattern, 'schema')
    // The compiler tells patterns apart by their text, and takes those of one text for the same.
    return { test: (text: string) => compiled.find(text), toString: () => `/${pattern}/` }
  },
  { code: 'linearTime' },
)

const OPTIONS: Options = {
  logger: false,
  strict: true,
  // Whoever requires a property need not describe it, and every value is a text anyway.
  strictRequired: false,
  strictTypes: false,
  validateFormats: false,
  addUsedSchema: false,
  // What every object inherits is no property of a resource.
  ownProperties: true,
}
const DIALECT = 'https://json-schema.org/draft/2020-12/schema'
/** Says whether a schema is one; its own patterns are not users'. */
const META = new Ajv2020(OPTIONS)

/** Throws `invalid_argument` with the reason, or `limit_exceeded`. */
export function compileSchema(schema: unknown): Schema {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw refused('it is a JSON object')
  }
  checkSchemaShape(schema)
  checkDialect(schema)
  if (META.validateSchema(schema) !== true) throw refused(META.errorsText())
  const validate = compile(schema)
  return (properties) => {
    if (validate(properties)) return undefined
    const [error] = validate.errors ?? []
    return error ? misfit(error) : { path: '', reason: 'does not fit' }
  }
}

/** Another draft would give the same words other meanings. */
function checkDialect({ $schema = DIALECT }: { readonly $schema?: unknown }): void {
  if ($schema === DIALECT || $schema === `${DIALECT}#`) return
  throw refused(`"$schema" is "${DIALECT}", or is left out`)
}

/** One compiler for each schema: what it has compiled goes with it. */
function compile(schema: object) {
  const options: Options = {
    ...OPTIONS,
    meta: false,
    validateSchema: false,
    code: { regExp: linearTime },
  }
  try {
    const { $schema: _, ...said } = schema as Readonly<Record<string, unknown>>
    return new Ajv2020(options).compile<Properties>(said)
  } catch (error) {
    if (error instanceof RegistryError || !(error instanceof Error)) throw error
    throw refused(error.message)
  }
}

function misfit({ instancePath, params, message = 'does not fit' }: ErrorObject): Misfit {
  const { missingProperty, additionalProperty } = params as Readonly<Record<string, unknown>>
  const name = missingProperty ?? additionalProperty
  const path = typeof name === 'string' ? `${instancePath}/${escapePointer(name)}` : instancePath
  return { path, reason: message }
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
