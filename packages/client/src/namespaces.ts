/**
 * The typed calls of namespaces.
 *
 * @module
 */

import {
  API_BASE,
  type Namespace,
  type NamespacePatch,
  type NamespaceTree,
  type NewNamespace,
} from '@rollcall/protocol'
import { deletion, unlessAbsent, type Deleted } from './absence.ts'
import { type CatalogCalls, type ReadOptions, type WriteOptions } from './catalog-calls.ts'
import { watchNamespace, type NamespaceWatchEvent, type NamespaceWatchQuery } from './ns-watch.ts'
import { pathWithSlashes } from './paths.ts'
import type { WatchOptions } from './reconnecting.ts'

const PATH = `${API_BASE}/namespaces`

export interface NamespaceReadOptions extends ReadOptions {
  /** How far below to read: 0 is it alone, default 1. Up to 10,000 namespaces in all. */
  readonly depth?: number
}

/**
 * The tree of namespaces. A path is root first, with slashes and without the name of the root:
 * `product/server`; the root is the empty path.
 */
export class Namespaces {
  readonly #calls: CatalogCalls
  readonly #watchOptions: WatchOptions

  constructor(calls: CatalogCalls, watchOptions: WatchOptions) {
    this.#calls = calls
    this.#watchOptions = watchOptions
  }

  /** Reads a namespace with what is below it; undefined when it is not there. */
  async get(path: string, options: NamespaceReadOptions = {}): Promise<NamespaceTree | undefined> {
    const query = { depth: options.depth }
    const read = this.#calls.read(pathOf(path), options, { query })
    const answer = await unlessAbsent('namespace_not_found', read)
    return answer?.body as NamespaceTree | undefined
  }

  /**
   * Makes a namespace below another. Throws `namespace_not_found`, `invalid_parent` (that one is a
   * leaf), `already_exists`.
   */
  async create(
    parent: string,
    namespace: NewNamespace,
    options: WriteOptions = {},
  ): Promise<Namespace> {
    const call = { method: 'POST', path: pathOf(parent), body: namespace } as const
    const answer = await this.#calls.write(call, options)
    return answer.body as Namespace
  }

  /**
   * Renames, moves or describes a namespace; what is below goes along. Throws
   * `namespace_not_found`, `would_cycle`, `invalid_parent`, `already_exists`, `revision_conflict`.
   */
  async change(
    path: string,
    patch: NamespacePatch,
    options: WriteOptions = {},
  ): Promise<Namespace> {
    const call = { method: 'PATCH', path: pathOf(path), body: patch } as const
    const answer = await this.#calls.write(call, options)
    return answer.body as Namespace
  }

  /** Deletes a namespace. Throws `not_empty` while namespaces or machines are in it. */
  async delete(path: string, options: WriteOptions = {}): Promise<Deleted> {
    const write = this.#calls.write({ method: 'DELETE', path: pathOf(path) }, options)
    return await deletion('namespace_not_found', write)
  }

  /**
   * Watches a namespace and all below, until `signal` aborts or the client is closed: what is
   * there, then each revision that changes it, once and in order. A lost connection is taken up
   * again where it broke. Throws what no waiting cures, such as `namespace_not_found`.
   */
  watch(query: NamespaceWatchQuery): AsyncIterable<NamespaceWatchEvent> {
    return watchNamespace(this.#watchOptions, query)
  }
}

function pathOf(path: string): string {
  return path === '' ? PATH : `${PATH}/${pathWithSlashes(path)}`
}
