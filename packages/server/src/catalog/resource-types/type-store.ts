import { invalidArgument, RegistryError } from '@rollcall/protocol/errors'
import type { WriteOptions, Written } from '../catalog.ts'
import type { CatalogCore } from '../catalog-core.ts'
import type { Holds } from '../holds.ts'
import type { IdempotentWrites } from '../idempotency.ts'
import { RESOURCE_LIMITS } from '../limits.ts'
import { Lost, untilWon } from '../lost-races.ts'
import type { NamespaceReads } from '../namespaces/namespace-reads.ts'
import { checkText } from '../refusals.ts'
import type { ResourceType, ResourceTypes } from '../resource-catalog.ts'
import { checkType } from '../resources/resource-checks.ts'
import type { WriteQueue } from '../write-queue.ts'
import { DescribeType } from './describe-type.ts'
import { KNOWN_TYPES } from './known-types.ts'
import { compileSchema } from './schema.ts'
import type { TypeRecord } from './type-record.ts'

export interface TypeStoreOptions {
  readonly core: CatalogCore
  readonly idempotent: IdempotentWrites
  readonly reads: NamespaceReads
  readonly queue: WriteQueue
  readonly holds: Holds
}

interface Description {
  readonly primaryKey?: string | undefined
  readonly schema?: unknown
}

/** How types are described. See `ResourceTypes` for the contract. */
export class TypeStore implements ResourceTypes {
  readonly #options: TypeStoreOptions

  constructor(options: TypeStoreOptions) {
    this.#options = options
  }

  list(): readonly ResourceType[] {
    const { types } = this.#options.core.tables
    return Array.from(types.names())
      .sort()
      .map((type) => types.get(type))
  }

  get(type: string): ResourceType | undefined {
    const { types } = this.#options.core.tables
    return types.names().has(type) ? types.get(type) : undefined
  }

  async put(
    type: string,
    description: Description,
    options: WriteOptions = {},
  ): Promise<Written & { readonly described: ResourceType; readonly created: boolean }> {
    checkType(type)
    const record = checkDescription(type, description)
    const { isNew, ...written } = await this.#describe(type, record, options)
    const described = { type, ...record, revision: written.revision }
    return { ...written, described, created: isNew }
  }

  async delete(type: string, options: WriteOptions = {}): Promise<Written> {
    checkType(type)
    const { revision, isBehind } = await this.#describe(type, undefined, options)
    return { revision, isBehind }
  }

  #describe(
    type: string,
    record: TypeRecord | undefined,
    { idempotency }: WriteOptions,
  ): Promise<Written & { readonly isNew: boolean }> {
    const { core, idempotent, queue, holds } = this.#options
    return idempotent.once(idempotency, (marks) =>
      queue.run({ exclusive: [type] }, () =>
        untilWon(core, type, async () => {
          const isNew = !core.tables.types.isDescribed(type)
          if (isNew && !record) throw notDescribed(type)
          const hold = await holds.take(type)
          if (hold instanceof Lost) return hold
          const describe = new DescribeType({ ...this.#options, hold })
          const revision = await describe.run(record, marks)
          if (revision instanceof Lost) return revision
          return { revision, isBehind: await core.isBehind(revision), isNew }
        }),
      ),
    )
  }
}

function checkDescription(type: string, { primaryKey, schema }: Description): TypeRecord {
  const known = KNOWN_TYPES.get(type)
  const key = primaryKey ?? known
  if (known !== undefined && key !== known) {
    const message = `A ${type} is known by its ${known}, here and to foreign clients.`
    throw invalidArgument(message, { field: 'primaryKey' })
  }
  if (key !== undefined) {
    if (key === '' || key === '_id') {
      throw invalidArgument('The primary key is a property.', { field: 'primaryKey' })
    }
    checkText('primaryKey', key, RESOURCE_LIMITS.nameBytes)
  }
  if (schema === undefined || schema === null) return { primaryKey: key, schema: undefined }
  compileSchema(schema)
  return { primaryKey: key, schema }
}

function notDescribed(type: string): RegistryError {
  const message = `Nobody has described the type "${type}".`
  return new RegistryError('resource_not_found', message, { details: { type } })
}
