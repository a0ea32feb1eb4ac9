/**
 * The typed calls of resources.
 *
 * @module
 */

import {
  API_BASE,
  type BatchAnswer,
  type NewResource,
  type ReplaceAnswer,
  type Resource,
  type ResourceList,
  type ResourceOperation,
  type ResourceRows,
  type TransferAnswer,
  type TransferBody,
} from '@rollcall/protocol'
import { deletion, unlessAbsent, type Deleted } from './absence.ts'
import { type CatalogCalls, type ReadOptions, type WriteOptions } from './catalog-calls.ts'
import { everyPage, type PageQuery } from './pages.ts'
import { withQuery } from './paths.ts'

/** Where resources are. */
export interface ResourcePlace {
  readonly type: string
  /** The path of a namespace. */
  readonly ns: string
  /** What an inner namespace hands on to new ones, in place of resources. */
  readonly template?: boolean
}

/** A resource, in one namespace or wherever it stands. */
export interface ResourceAt {
  readonly type: string
  readonly id: string
  readonly ns?: string
  readonly template?: boolean
}

export interface ResourceListQuery extends ReadOptions {
  readonly type: string
  /** An inner one: the resources of all leaves below. Default: the root. */
  readonly ns?: string
  readonly template?: boolean
  /** Up to 1,000, default 100. */
  readonly limit?: number
  readonly cursor?: string
}

export interface IfRevision extends WriteOptions {
  /** What must not have changed since; else `revision_conflict`. */
  readonly ifRevision?: number
}

/** What to merge: null removes a property. */
export type PropertiesPatch = Readonly<Record<string, string | null>>

/**
 * Resources: maps of strings in namespaces. Every change is one step, seen whole or not at all.
 * Writes throw `namespace_not_found`, `resource_not_found`, `already_exists` (the primary key is
 * taken), `schema_violation`, `revision_conflict`, `invalid_parent`, `limit_exceeded`.
 */
export class Resources {
  readonly #calls: CatalogCalls

  constructor(calls: CatalogCalls) {
    this.#calls = calls
  }

  /** Reads one page of a type, by namespace and key. */
  async list(query: ResourceListQuery): Promise<ResourceList> {
    const { type, ns, template, limit, cursor } = query
    const answer = await this.#calls.read(listPath(type), query, {
      query: { ns, template: flagOf(template), limit, cursor },
    })
    return answer.body as ResourceList
  }

  /** Reads all resources of a type, page by page as they are asked for. */
  async *every(
    query: Omit<ResourceListQuery, 'limit' | 'cursor'>,
  ): AsyncGenerator<Resource, void, undefined> {
    const read = (page: PageQuery) => this.list({ ...query, ...page })
    for await (const page of everyPage(read)) yield* page.resources
  }

  /** Reads a resource: one row for each namespace that has it, none when there is none. */
  async rows(
    { type, id, ns, template }: ResourceAt,
    options: ReadOptions = {},
  ): Promise<readonly Resource[]> {
    const query = { ns, template: flagOf(template) }
    const read = this.#calls.read(rowPath(type, id), options, { query })
    const answer = await unlessAbsent('resource_not_found', read)
    return answer ? rowsOf(answer.body) : []
  }

  /** Adds a resource; its id is drawn where none is given. */
  async add(
    place: ResourcePlace,
    resource: NewResource,
    options: WriteOptions = {},
  ): Promise<Resource> {
    const call = { method: 'POST', path: placePath(place), body: resource } as const
    const answer = await this.#calls.write(call, options)
    return answer.body as Resource
  }

  /** Puts resources in place of all of a type in one namespace. */
  async replace(
    place: ResourcePlace,
    resources: readonly NewResource[],
    options: IfRevision = {},
  ): Promise<ReplaceAnswer> {
    const { ifRevision } = options
    const body = { resources, ...(ifRevision !== undefined && { ifRevision }) }
    const call = { method: 'PUT', path: placePath(place), body } as const
    const answer = await this.#calls.write(call, options)
    return answer.body as ReplaceAnswer
  }

  /** Merges properties. Without a namespace: wherever the resource stands. Answers every row. */
  async merge(
    at: ResourceAt,
    properties: PropertiesPatch,
    options: IfRevision = {},
  ): Promise<readonly Resource[]> {
    const { ifRevision } = options
    const body = { properties, ...(ifRevision !== undefined && { ifRevision }) }
    const answer = await this.#calls.write({ method: 'PATCH', path: atPath(at), body }, options)
    return rowsOf(answer.body)
  }

  /** Deletes a resource. Without a namespace: wherever it stands. */
  async delete(at: ResourceAt, options: WriteOptions = {}): Promise<Deleted> {
    const write = this.#calls.write({ method: 'DELETE', path: atPath(at) }, options)
    return await deletion('resource_not_found', write)
  }

  /** Does up to 4,000 things in order as one step, with resources or with templates; `results` has one for each. */
  async batch(
    type: string,
    ops: readonly ResourceOperation[],
    options: WriteOptions & { readonly template?: boolean } = {},
  ): Promise<BatchAnswer> {
    const path = withQuery(`${listPath(type)}/batch`, { template: flagOf(options.template) })
    const call = { method: 'POST', path, body: { ops } } as const
    const answer = await this.#calls.write(call, options)
    return answer.body as BatchAnswer
  }

  /** Moves resources to another namespace; they keep their ids. */
  move(type: string, transfer: TransferBody, options: WriteOptions = {}): Promise<TransferAnswer> {
    return this.#transfer(`${listPath(type)}/move`, transfer, options)
  }

  /** Copies resources to another namespace; the copies get new ids. */
  copy(type: string, transfer: TransferBody, options: WriteOptions = {}): Promise<TransferAnswer> {
    return this.#transfer(`${listPath(type)}/copy`, transfer, options)
  }

  async #transfer(
    path: string,
    body: TransferBody,
    options: WriteOptions,
  ): Promise<TransferAnswer> {
    const answer = await this.#calls.write({ method: 'POST', path, body }, options)
    return answer.body as TransferAnswer
  }
}

function listPath(type: string): string {
  return `${API_BASE}/resources/${encodeURIComponent(type)}`
}

function rowPath(type: string, id: string): string {
  return `${listPath(type)}/${encodeURIComponent(id)}`
}

function placePath({ type, ns, template }: ResourcePlace): string {
  return withQuery(listPath(type), { ns, template: flagOf(template) })
}

function atPath({ type, id, ns, template }: ResourceAt): string {
  return withQuery(rowPath(type, id), { ns, template: flagOf(template) })
}

function flagOf(template: boolean | undefined): '1' | undefined {
  return template === true ? '1' : undefined
}

function rowsOf(body: unknown): readonly Resource[] {
  const rows = body as Resource | ResourceRows
  return 'resources' in rows ? rows.resources : [rows]
}
