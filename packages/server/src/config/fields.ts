/**
 * The fields of the schema as a flat table, with the names that each has in every source.
 *
 * @module
 */

import type { TSchema } from 'typebox'
import type { LimitNotes, OptionNotes } from './field-notes.ts'
import { ConfigSchema } from './schema.ts'

export type FieldKind = 'text' | 'list' | 'boolean' | 'integer' | 'choice'

/** One field: what it is called, what it takes, what it costs. */
export interface ConfigField {
  /** Its place in the file, joined by dots: `limits.pageMax`. */
  readonly key: string
  readonly path: readonly string[]
  /** `ROLLCALL_LIMITS_PAGE_MAX` */
  readonly envName: string
  /** `--log-level`; absent where there is no flag. */
  readonly flagName?: string
  /** What follows the flag; absent for switches. */
  readonly placeholder?: string
  readonly kind: FieldKind
  /** Absent when there is none, or when it is not a constant. */
  readonly defaultValue?: string | number | boolean | readonly string[]
  /** The default, for people. */
  readonly defaultText: string
  /** Completes "must be …". */
  readonly form: string
  readonly description: string
  /** What a change costs; `raising` and `lowering` of a quantity. */
  readonly costs: Readonly<Record<string, string>>
  readonly unit?: string
  readonly secret: boolean
  readonly schema: TSchema
}

/** What every variable of the environment starts with. */
export const ENV_PREFIX = 'ROLLCALL_'

/** Shown in place of a secret. */
export const SECRET_MASK = '****'

/** The option that names the file. It is no field, since a file cannot name itself. */
export const CONFIG_FILE_OPTION = {
  flagName: '--config',
  placeholder: 'FILE',
  envName: `${ENV_PREFIX}CONFIG`,
  description: 'File with options, as YAML or JSON.',
} as const

type FieldSchema = TSchema & {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, FieldSchema>>
  readonly default?: string | number | boolean | readonly string[]
  readonly minimum?: number
  readonly maximum?: number
} & Partial<OptionNotes & LimitNotes>

const THOUSANDS = /\B(?=(\d{3})+$)/g

/** Every field in the order of the schema. */
export const FIELDS: readonly ConfigField[] = Object.freeze(fieldsUnder(ConfigSchema, []))

/** The names of tables in the file: `limits`. */
export const SECTIONS: ReadonlySet<string> = new Set(
  FIELDS.flatMap(({ path }) => (path.length > 1 ? [path.slice(0, -1).join('.')] : [])),
)

/** Describes every field, for `--help` and the reference. */
export function describeFields(): readonly ConfigField[] {
  return FIELDS
}

/** `logLevel` → `log-level`. */
export function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function fieldsUnder(schema: FieldSchema, path: readonly string[]): ConfigField[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const innerPath = [...path, name]
    return inner.properties === undefined
      ? [fieldOf(inner, innerPath)]
      : fieldsUnder(inner, innerPath)
  })
}

function fieldOf(schema: FieldSchema, path: readonly string[]): ConfigField {
  const kind = kindOf(schema)
  const isOption = path.length === 1
  const field: ConfigField = {
    key: path.join('.'),
    path,
    envName:
      ENV_PREFIX +
      path
        .map((name) => kebabCase(name).replaceAll('-', '_'))
        .join('_')
        .toUpperCase(),
    ...(isOption && { flagName: `--${kebabCase(path.join('.'))}` }),
    ...(isOption && schema.placeholder !== undefined && { placeholder: schema.placeholder }),
    kind,
    ...(schema.default !== undefined && { defaultValue: schema.default }),
    defaultText: schema.defaultText ?? defaultTextOf(schema.default),
    form: schema.form ?? formOf(kind, schema),
    description: schema.description ?? '',
    costs: costsOf(schema),
    ...(schema.unit !== undefined && { unit: schema.unit }),
    secret: schema.secret === true,
    schema,
  }
  return Object.freeze(field)
}

function kindOf(schema: FieldSchema): FieldKind {
  if (schema.enum !== undefined) return 'choice'
  if (schema.type === 'boolean') return 'boolean'
  if (schema.type === 'array') return 'list'
  return schema.type === 'integer' ? 'integer' : 'text'
}

function formOf(kind: FieldKind, schema: FieldSchema): string {
  if (kind === 'boolean') return 'true or false'
  if (kind === 'choice') return `one of ${schema.enum?.join(', ')}`
  return `a whole number from ${schema.minimum} to ${schema.maximum}`
}

function defaultTextOf(value: FieldSchema['default']): string {
  // By hand: a locale would be loaded at every start, for a text that is rarely shown.
  return typeof value === 'number' ? String(value).replaceAll(THOUSANDS, ',') : String(value)
}

function costsOf({ changing, raising, lowering }: FieldSchema): Record<string, string> {
  return {
    ...(changing !== undefined && { changing }),
    ...(raising !== undefined && { raising }),
    ...(lowering !== undefined && { lowering }),
  }
}
