/**
 * The typed calls of types of resources.
 *
 * @module
 */

import {
  API_BASE,
  type ResourceType,
  type ResourceTypeList,
  type TypeBody,
} from '@rollcall/protocol'
import { deletion, unlessAbsent, type Deleted } from './absence.ts'
import { type CatalogCalls, type ReadOptions, type WriteOptions } from './catalog-calls.ts'
import { everyPage, type PageQuery } from './pages.ts'

const PATH = `${API_BASE}/types`

/** What types demand of their resources: a primary key, a JSON Schema. */
export class ResourceTypes {
  readonly #calls: CatalogCalls

  constructor(calls: CatalogCalls) {
    this.#calls = calls
  }

  /** Reads one page of the types that are described or known without, by name. */
  async list(
    query: ReadOptions & { readonly limit?: number; readonly cursor?: string } = {},
  ): Promise<ResourceTypeList> {
    const { limit, cursor } = query
    const answer = await this.#calls.read(PATH, query, { query: { limit, cursor } })
    return answer.body as ResourceTypeList
  }

  /** Reads all types, page by page as they are asked for. */
  async *every(query: ReadOptions = {}): AsyncGenerator<ResourceType, void, undefined> {
    const read = (page: PageQuery) => this.list({ ...query, ...page })
    for await (const page of everyPage(read)) yield* page.types
  }

  /** Reads what a type demands; undefined when nobody has described it. */
  async get(type: string, options: ReadOptions = {}): Promise<ResourceType | undefined> {
    const read = this.#calls.read(pathOf(type), options)
    const answer = await unlessAbsent('resource_not_found', read)
    return answer?.body as ResourceType | undefined
  }

  /**
   * Describes a type. Throws `schema_violation` when resources that are there would not fit, and
   * `already_exists` when two would have the same primary key.
   */
  async put(
    type: string,
    description: TypeBody,
    options: WriteOptions = {},
  ): Promise<{ readonly created: boolean; readonly described: ResourceType }> {
    const call = { method: 'PUT', path: pathOf(type), body: description } as const
    const answer = await this.#calls.write(call, options)
    return { created: answer.status === 201, described: answer.body as ResourceType }
  }

  /** Forgets the description of a type; its resources stay. */
  async delete(type: string, options: WriteOptions = {}): Promise<Deleted> {
    const write = this.#calls.write({ method: 'DELETE', path: pathOf(type) }, options)
    return await deletion('resource_not_found', write)
  }
}

function pathOf(type: string): string {
  return `${PATH}/${encodeURIComponent(type)}`
}
