import { invalidArgument } from '@rollcall/protocol/errors'
import type { WriteOptions } from '../catalog.ts'
import type { CatalogCore } from '../catalog-core.ts'
import type { IdempotentWrites } from '../idempotency.ts'
import { FAMILY, keyOfPrimary, type ListFamily } from '../key-schema.ts'
import type { NamespaceReads } from '../namespaces/namespace-reads.ts'
import { checkRevision } from '../refusals.ts'
import type {
  NewResource,
  Resource,
  ResourceOperation,
  ResourcePlace,
  Resources,
  ResourceWritten,
  Transfer,
} from '../resource-catalog.ts'
import { leavesFrom, pageOf, type Page } from './list-pages.ts'
import { presentRow } from './present-row.ts'
import {
  addResource,
  batchResources,
  deleteResource,
  mergeResource,
  replaceResources,
  transferResources,
  type Patch,
  type WritePlace,
} from './resource-writes.ts'
import type { ResourceRow } from './resource-index.ts'
import type { RowWrite } from './row-attempt.ts'
import type { RowWriter } from './row-writer.ts'

interface ResourceTarget {
  readonly type: string
  readonly id: string
  readonly ns?: string | undefined
  readonly template?: boolean | undefined
}

type IfRevision = { readonly ifRevision?: number | undefined }

export interface ResourceStoreOptions {
  readonly core: CatalogCore
  readonly idempotent: IdempotentWrites
  readonly reads: NamespaceReads
  readonly writer: RowWriter
}

/** What namespaces hold: reads from the view, each write one commit. See `Resources` for the contract. */
export class ResourceStore implements Resources {
  readonly #options: ResourceStoreOptions

  constructor(options: ResourceStoreOptions) {
    this.#options = options
  }

  list(
    query: ResourcePlace & { readonly after?: string | undefined; readonly limit: number },
  ): Page {
    const { type, ns, template = false, after, limit } = query
    if (!(limit >= 1)) throw invalidArgument('A page has at least one.', { field: 'limit' })
    const { core, reads } = this.#options
    const { namespaces, resources, templates } = core.tables
    const node = reads.get(ns)
    const page = { type, after, limit }
    return template
      ? pageOf(templates, [{ node, path: ns }], page)
      : pageOf(resources, leavesFrom(namespaces, node, after), page)
  }

  byId(
    type: string,
    id: string,
    { ns, template = false }: Pick<ResourceTarget, 'ns' | 'template'> = {},
  ): readonly Resource[] {
    const { core, reads } = this.#options
    const { resources, templates } = core.tables
    const only = ns === undefined ? undefined : reads.get(ns)
    return (template ? templates : resources)
      .byId(type, id)
      .filter(({ nsId }) => !only || nsId === only.id)
      .map((row) => this.#present(row))
  }

  byKey(type: string, ns: string, key: string): Resource | undefined {
    const { core, reads } = this.#options
    if (core.tables.types.get(type).primaryKey === undefined) return undefined
    const row = core.tables.resources.row(type, reads.get(ns).id, keyOfPrimary(key))
    return row && this.#present(row)
  }

  async add(
    { type, ns, template }: ResourcePlace,
    resource: NewResource,
    options?: WriteOptions,
  ): Promise<ResourceWritten> {
    return this.#write({ type, template, options }, addResource(this.#at(ns, template), resource))
  }

  async replace(
    { type, ns, template }: ResourcePlace,
    resources: readonly NewResource[],
    options: WriteOptions & IfRevision = {},
  ): Promise<ResourceWritten> {
    const { ifRevision } = options
    if (ifRevision !== undefined) checkRevision('ifRevision', ifRevision)
    return this.#write(
      { type, template, options },
      replaceResources(this.#at(ns, template), { resources, ifRevision }),
    )
  }

  async merge(
    target: ResourceTarget,
    properties: Patch,
    options: WriteOptions & IfRevision = {},
  ): Promise<ResourceWritten> {
    const { type, id, template } = target
    const { ifRevision } = options
    if (ifRevision !== undefined) checkRevision('ifRevision', ifRevision)
    return this.#write(
      { type, template, options, ids: [id] },
      mergeResource(this.#at(target.ns, template), { id, properties, ifRevision }),
    )
  }

  async delete(target: ResourceTarget, options?: WriteOptions): Promise<ResourceWritten> {
    const { type, id, template } = target
    return this.#write(
      { type, template, options, ids: [id] },
      deleteResource(this.#at(target.ns, template), id),
    )
  }

  async batch(
    type: string,
    operations: readonly ResourceOperation[],
    options: WriteOptions & { readonly template?: boolean | undefined } = {},
  ): Promise<ResourceWritten> {
    const { template } = options
    const ids = operations.flatMap((operation) => idOf(operation) ?? [])
    const decide = batchResources(this.#at(undefined, template), operations)
    return this.#write({ type, template, options, ids }, decide)
  }

  async move(transfer: Transfer, options?: WriteOptions): Promise<ResourceWritten> {
    return this.#transfer('move', transfer, options)
  }

  async copy(transfer: Transfer, options?: WriteOptions): Promise<ResourceWritten> {
    return this.#transfer('copy', transfer, options)
  }

  #transfer(how: 'move' | 'copy', transfer: Transfer, options?: WriteOptions) {
    const { type, ids } = transfer
    return this.#write({ type, options, ids }, transferResources(this.#at(), how, transfer))
  }

  #write(write: Write, decide: RowWrite['decide']): Promise<ResourceWritten> {
    const { idempotent, writer } = this.#options
    const { type, template, options, ids = [] } = write
    const family = familyOf(template)
    return idempotent.once(options?.idempotency, (marks) =>
      writer.write({ type, family, objects: ids, marks, decide }),
    )
  }

  #at(ns?: string, template?: boolean): WritePlace {
    const { core, reads } = this.#options
    return { core, reads, ns, family: familyOf(template) }
  }

  #present(row: ResourceRow): Resource {
    return presentRow(row, this.#options.reads.pathOf(row.nsId), row.revision)
  }
}

interface Write {
  readonly type: string
  readonly template?: boolean | undefined
  readonly options?: WriteOptions | undefined
  /** Of those that are changed: writes of one node wait for each other there. */
  readonly ids?: readonly string[]
}

function familyOf(template = false): ListFamily {
  return template ? FAMILY.template : FAMILY.resource
}

function idOf(operation: ResourceOperation): string | undefined {
  if ('update' in operation) return operation.update.id
  return 'delete' in operation ? operation.delete.id : operation.add.id
}
