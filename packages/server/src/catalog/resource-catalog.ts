/**
 * Namespaces, what they hold, and how it is found, as the faces see it. As in `catalog.ts` reads
 * come from the view and are synchronous, unless they are long; a write is one commit and
 * resolves when the view has applied it.
 *
 * Paths are root first with slashes and without the root's name: `product/server`; the root is
 * the empty path. Ids never change; names and places do.
 *
 * @module
 */

import type { WriteOptions, Written } from './catalog.ts'

/** A leaf holds resources; an inner namespace holds namespaces, and templates for new ones. */
export type NamespaceKind = 'leaf' | 'inner'

export interface Namespace {
  readonly id: string
  readonly path: string
  readonly name: string
  readonly kind: NamespaceKind
  /**
   * Machines whose hostname it matches register here by themselves: a pattern of the linear-time
   * engine, found anywhere in the name. Undefined: none does.
   */
  readonly match: string | undefined
  readonly comment: string
  /** Of its last change; what it holds does not count. */
  readonly revision: number
}

export interface NamespaceTree extends Namespace {
  /** By name; empty also where the depth that was asked for ends. */
  readonly children: readonly NamespaceTree[]
  /** How many resources it holds itself, by type. An inner one: its templates. */
  readonly resources: ReadonlyMap<string, number>
}

export interface NewNamespace {
  /** 1 to 64 of `a-z 0-9 -`. */
  readonly name: string
  readonly kind: NamespaceKind
  readonly match?: string | undefined
  readonly comment?: string | undefined
}

/** What is absent stays. */
export interface NamespacePatch {
  readonly name?: string | undefined
  /** The path of another parent: the subtree moves along. */
  readonly parent?: string | undefined
  /** Null: no machine registers here by itself any more. */
  readonly match?: string | null | undefined
  readonly comment?: string | undefined
  readonly ifRevision?: number | undefined
}

export interface NamespaceWritten extends Written {
  readonly namespace: Namespace
}

/** Every call rejects (or throws) `namespace_not_found` for a path that is not there. */
export interface Namespaces {
  /** Name of the root; it is in no path of ours, but foreign protocols spell it. */
  readonly rootName: string
  get(path: string): Namespace
  /** Undefined where there is none. */
  find(path: string): Namespace | undefined
  byId(id: string): Namespace | undefined
  /** `depth` 0: it alone. Throws `limit_exceeded` where that is more than 10,000 namespaces. */
  tree(path: string, depth: number): NamespaceTree
  /** It, and all below, in order of their paths. */
  below(path: string): Iterable<Namespace>
  /**
   * Templates of the parent are copied along. Rejects with `invalid_parent` (it is a leaf),
   * `already_exists`, `invalid_argument`, `limit_exceeded`.
   */
  create(parent: string, namespace: NewNamespace, options?: WriteOptions): Promise<NamespaceWritten>
  /** Rejects with `would_cycle`, `invalid_parent`, `already_exists`, `revision_conflict`, `forbidden` (the root). */
  change(path: string, patch: NamespacePatch, options?: WriteOptions): Promise<NamespaceWritten>
  /** Rejects with `not_empty` (namespaces or machines below), `forbidden` (the root). */
  delete(path: string, options?: WriteOptions): Promise<Written>
  /**
   * Calls `listener` with every later revision that changes something at the path or below; read
   * right after. A move is told to those who look where it was and to those who look where it is
   * now: at it, below it, or above it.
   */
  subscribe(path: string, listener: (changes: NamespaceChanges) => void): () => void
  /** Revision by revision; undefined when that is no longer known, or `revision` is none of this catalog's. */
  changesSince(path: string, revision: number): readonly NamespaceChanges[] | undefined
  /** Called when what subscribers have no longer leads to what is: they start over. */
  onRestart(listener: (reason: 'restored' | 'compacted') => void): () => void
}

/** What one revision changed at one place of the tree. */
export interface NamespaceChanges {
  readonly revision: number
  readonly changes: readonly NamespaceChange[]
}

export type NamespaceChange =
  | { readonly kind: 'created' | 'changed'; readonly namespace: Namespace }
  /** Renamed or moved: `path` is where it was. All below it went along and is not told of. */
  | { readonly kind: 'moved'; readonly path: string; readonly namespace: Namespace }
  | { readonly kind: 'deleted'; readonly path: string; readonly id: string }
  | {
      readonly kind: 'resources' | 'templates'
      readonly path: string
      readonly type: string
      readonly upserted: readonly Resource[]
      /** Ids. */
      readonly removed: readonly string[]
    }

export type Properties = Readonly<Record<string, string>>

export interface Resource {
  readonly id: string
  /** Path of the namespace that holds it. */
  readonly ns: string
  readonly type: string
  readonly properties: Properties
  readonly revision: number
}

/** Known ones: machine (hostname), collect, alarm, deploy (name). Others are open until they are described. */
export interface ResourceType {
  readonly type: string
  /** A property, unique in one namespace. Undefined: the id alone tells resources apart. */
  readonly primaryKey: string | undefined
  /** JSON Schema that the properties have to fit. */
  readonly schema: unknown
  /** 0 for one that is known without having been described. */
  readonly revision: number
}

export interface ResourceTypes {
  list(): readonly ResourceType[]
  get(type: string): ResourceType | undefined
  /** Rejects with `schema_violation` (the first ten resources that do not fit) and `already_exists` (two would have one key). */
  put(
    type: string,
    description: { readonly primaryKey?: string | undefined; readonly schema?: unknown },
    options?: WriteOptions,
  ): Promise<Written & { readonly described: ResourceType; readonly created: boolean }>
  /** Forgets the description. Rejects with `resource_not_found`. */
  delete(type: string, options?: WriteOptions): Promise<Written>
}

export interface NewResource {
  /** Drawn where it is absent; an id is of one resource, in however many namespaces that is. */
  readonly id?: string | undefined
  readonly properties: Properties
}

/** Where resources are: in a namespace itself, or among what it hands on to new ones. */
export interface ResourcePlace {
  readonly type: string
  readonly ns: string
  readonly template?: boolean | undefined
}

export type ResourceOperation =
  | { readonly add: { readonly ns: string } & NewResource }
  /** Merges; null removes a property. */
  | {
      readonly update: {
        readonly ns: string
        readonly id: string
        readonly properties: Readonly<Record<string, string | null>>
      }
    }
  | { readonly delete: { readonly ns: string; readonly id: string } }

export interface ResourceWritten extends Written {
  readonly resources: readonly Resource[]
}

/**
 * Every change is one commit, or none; who loses a race is tried again from the newer view.
 * All reject with `namespace_not_found`, `resource_not_found`, `already_exists` (the primary key
 * is taken), `schema_violation`, `revision_conflict`, `limit_exceeded` (4,000 rows, 1 MiB),
 * `invalid_parent` (resources of an inner namespace), `invalid_argument`.
 */
export interface Resources {
  /** By namespace path, then key; of an inner one: those of all leaves below. */
  list(query: ResourcePlace & { readonly after?: string | undefined; readonly limit: number }): {
    readonly resources: readonly Resource[]
    readonly next: string | undefined
  }
  /** Every row of an id, in one namespace or in all; of resources, or of templates. */
  byId(
    type: string,
    id: string,
    where?: { readonly ns?: string | undefined; readonly template?: boolean | undefined },
  ): readonly Resource[]
  /** By the primary key of the type. */
  byKey(type: string, ns: string, key: string): Resource | undefined
  add(place: ResourcePlace, resource: NewResource, options?: WriteOptions): Promise<ResourceWritten>
  /** All of a type in one namespace become these, and are answered in their order; may be none. Ids that are given stay. */
  replace(
    place: ResourcePlace,
    resources: readonly NewResource[],
    options?: WriteOptions & { readonly ifRevision?: number | undefined },
  ): Promise<ResourceWritten>
  /** Merges; null removes a property. Without a namespace: in every one that has the id. */
  merge(
    target: { readonly type: string; readonly id: string; readonly ns?: string | undefined } & {
      readonly template?: boolean | undefined
    },
    properties: Readonly<Record<string, string | null>>,
    options?: WriteOptions & { readonly ifRevision?: number | undefined },
  ): Promise<ResourceWritten>
  delete(
    target: { readonly type: string; readonly id: string; readonly ns?: string | undefined } & {
      readonly template?: boolean | undefined
    },
    options?: WriteOptions,
  ): Promise<ResourceWritten>
  /** Several in order, as one step, on resources or on templates. Answers one for each; of a delete as it was. */
  batch(
    type: string,
    operations: readonly ResourceOperation[],
    options?: WriteOptions & { readonly template?: boolean | undefined },
  ): Promise<ResourceWritten>
  /** Keeps the ids. */
  move(transfer: Transfer, options?: WriteOptions): Promise<ResourceWritten>
  /** Gives new ids. */
  copy(transfer: Transfer, options?: WriteOptions): Promise<ResourceWritten>
}

export interface Transfer {
  readonly type: string
  readonly from: string
  readonly to: string
  readonly ids: readonly string[]
}

export type SearchMode = 'exact' | 'prefix' | 'contains' | 'regex'

export interface SearchQuery {
  /** Undefined: of every type. */
  readonly type?: string | undefined
  /** It and all below. */
  readonly ns: string
  /** The property; undefined: any. `_id`: the id. */
  readonly key?: string | undefined
  readonly value: string
  readonly mode: SearchMode
  readonly after?: string | undefined
  readonly limit: number
}

export interface SearchHit extends Resource {
  /** The properties that matched. */
  readonly matched: readonly string[]
}

export interface SearchPage {
  readonly hits: readonly SearchHit[]
  readonly next: string | undefined
  /** How many values were looked at, for people who wonder why it took long. */
  readonly scanned: number
}

/** Whether nobody waits for a search any longer: a flag, or an `AbortSignal`, which Node keeps until a great collection. */
export interface Ending {
  readonly aborted: boolean
}

/** Rejects with `namespace_not_found`, and `invalid_argument` for a pattern that is none. Long ones give way to others. */
export type Search = (query: SearchQuery, ending?: Ending) => Promise<SearchPage>

/** A machine in the tree: it registers once, however many nodes hear of it. */
export interface Machines {
  /**
   * Puts a machine into every leaf whose `match` finds its hostname, else into the pool; one
   * that is somewhere already stays as it is. Answers where it is, and under which id.
   */
  register(
    hostname: string,
    properties: Properties,
    options?: WriteOptions,
  ): Promise<Written & { readonly places: ReadonlyMap<string, string>; readonly created: boolean }>
  /** Every row of a hostname. */
  find(hostname: string): readonly Resource[]
  /**
   * Merges into every row of a hostname. Rejects with `resource_not_found`, and with
   * `revision_conflict` when a row of it is newer than `ifRevision`.
   */
  merge(
    hostname: string,
    properties: Readonly<Record<string, string | null>>,
    options?: WriteOptions & { readonly ifRevision?: number | undefined },
  ): Promise<ResourceWritten>
  /**
   * Gives it another name, everywhere, and merges properties; the name may be the same. With a
   * serial number only rows that have none or the same. Rejects with `resource_not_found` (also
   * where no row has the number), `already_exists`.
   */
  rename(
    hostname: string,
    to: {
      readonly hostname: string
      readonly properties?: Properties
      readonly sn?: string | undefined
    },
    options?: WriteOptions,
  ): Promise<ResourceWritten>
  /** Removes every row. Rejects as `merge` does. */
  remove(
    hostname: string,
    options?: WriteOptions & { readonly ifRevision?: number | undefined },
  ): Promise<ResourceWritten>
}

/** What the faces find beside keys and leases. */
export interface ResourceCatalog {
  readonly namespaces: Namespaces
  readonly types: ResourceTypes
  readonly resources: Resources
  readonly machines: Machines
  readonly search: Search
}
