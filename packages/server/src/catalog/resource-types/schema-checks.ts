import { RegistryError } from '@rollcall/protocol/errors'
import type { Properties, ResourceType } from '../resource-catalog.ts'
import { compileSchema, type Misfit, type Schema } from './schema.ts'

/** Holds resources to the schemas of their types. A schema is compiled when it is first needed. */
export class SchemaChecks {
  /** By the schema as the view holds it: a new one is another object. */
  readonly #compiled = new WeakMap<object, Schema>()

  /** Undefined: they fit. */
  misfit({ schema }: Pick<ResourceType, 'schema'>, properties: Properties): Misfit | undefined {
    if (typeof schema !== 'object' || schema === null) return undefined
    const known = this.#compiled.get(schema)
    if (known) return known(properties)
    const compiled = compileSchema(schema)
    this.#compiled.set(schema, compiled)
    return compiled(properties)
  }

  /** Throws `schema_violation`. */
  check(type: ResourceType, properties: Properties): void {
    const misfit = this.misfit(type, properties)
    if (!misfit) return
    const { path, reason } = misfit
    const message = `This is no ${type.type} as its type describes them: ${path === '' ? '/' : path} ${reason}.`
    throw new RegistryError('schema_violation', message, { details: { path, reason } })
  }
}
