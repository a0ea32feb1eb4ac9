/**
 * The typed calls of the instance plane, and the way to those of the catalog.
 *
 * @module
 */

import {
  API_BASE,
  HEADERS,
  type Cluster,
  type Explanation,
  type HeartbeatItem,
  type HeartbeatsAnswer,
  type Instance,
  type MemberList,
  type MemberRemoval,
  type PatchBody,
  type ProtectionAction,
  type ProtectionAnswer,
  type RegisterBody,
  type ServiceList,
  type ServiceSummary,
  type SearchAnswer,
  type SearchHit,
  type ServiceView,
} from '@rollcall/protocol'
import {
  silentLog,
  systemClock,
  systemRandom,
  type Clock,
  type Logger,
  type Random,
} from '@rollcall/runtime'
import { Backups } from './backups.ts'
import { CatalogCalls, type WriteOptions } from './catalog-calls.ts'
import { HttpTransport, type Call } from './http-transport.ts'
import { Kv } from './kv.ts'
import { Leases } from './leases.ts'
import { Namespaces } from './namespaces.ts'
import { everyPage, type PageQuery } from './pages.ts'
import {
  filterQuery,
  instancePath,
  memberPath,
  servicePath,
  withQuery,
  type Filters,
  type InstanceAt,
  type Query,
  type Where,
} from './paths.ts'
import type { WatchOptions } from './reconnecting.ts'
import { ResourceTypes } from './resource-types.ts'
import { Resources } from './resources.ts'
import { everyHit, search, type SearchQuery } from './search.ts'
import { sendTxn, type Txn, type TxnAnswer } from './txn.ts'
import { watch, type WatchEvent, type WatchQuery } from './watch.ts'

const DEFAULT_SERVER = 'http://127.0.0.1:7070'
const DEFAULT_TIMEOUT_MS = 10_000

export interface ClientOptions {
  /** Tried in turn: the client stays with one while it works. Default: this machine's, port 7070. */
  readonly servers?: readonly string[]
  /** Sent as `Authorization: Bearer`; needed where the server has one. */
  readonly token?: string
  /** The env of every call that names none. Absent: the node's. */
  readonly env?: string
  /** The zone of every call that names none, lists and watches too. Absent: the node's, or all. */
  readonly zone?: string
  /** How long one server may take for one answer, default 10 s; long polls add their wait. */
  readonly timeoutMs?: number
  readonly clock?: Clock
  readonly random?: Random
  readonly log?: Logger
}

/** What to read of one service, and whether to wait for news of it. */
export interface ServiceQuery extends Filters {
  readonly env?: string
  /** The token of an earlier view: answer only what differs from it. */
  readonly after?: string
  /** How long the server may hold the request until something changes; 5 min at most. */
  readonly waitMs?: number
  /** Breaks the call off; it then throws the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Talks to a registry. Each call throws `RegistryError`: the code that the registry answered, or
 * `unavailable` when no server did. A call that failed so may have been done.
 */
export class RollcallClient implements AsyncDisposable {
  /** Keys and values. */
  readonly kv: Kv
  readonly leases: Leases
  readonly backups: Backups
  readonly namespaces: Namespaces
  readonly resources: Resources
  /** What types of resources demand. */
  readonly types: ResourceTypes
  readonly #transport: HttpTransport
  readonly #catalog: CatalogCalls
  readonly #watchOptions: WatchOptions
  readonly #env: string | undefined
  readonly #zone: string | undefined

  /** Connects to nothing yet. Throws `invalid_argument` for a server or token that cannot be one. */
  constructor(options: ClientOptions = {}) {
    const { clock = systemClock, random = systemRandom, log = silentLog } = options
    const { servers = [DEFAULT_SERVER], token, timeoutMs = DEFAULT_TIMEOUT_MS } = options
    this.#transport = new HttpTransport({ servers, token, timeoutMs, clock, random, log })
    this.#watchOptions = { transport: this.#transport, clock, random, log }
    this.#env = options.env
    this.#zone = options.zone
    this.#catalog = new CatalogCalls({ transport: this.#transport, random })
    this.kv = new Kv(this.#catalog, this.#watchOptions)
    this.leases = new Leases(this.#catalog)
    this.backups = new Backups({ transport: this.#transport, clock })
    this.namespaces = new Namespaces(this.#catalog, this.#watchOptions)
    this.resources = new Resources(this.#catalog)
    this.types = new ResourceTypes(this.#catalog)
  }

  /** Registers an instance, or its new content. `created` says whether it was not there before. */
  async register(
    at: InstanceAt,
    body: RegisterBody,
  ): Promise<{ created: boolean; instance: Instance }> {
    const answer = await this.#call('PUT', this.#instance(at), { body })
    return { created: answer.status === 201, instance: answer.body as Instance }
  }

  /** Renews one instance. `home` is the node that holds its deadline, empty where it was not told. */
  async renew(
    at: InstanceAt,
    evidence: { session?: number; content?: number } = {},
  ): Promise<{ home: string }> {
    const { session, content } = evidence
    const path = withQuery(`${instancePath(at)}/heartbeat`, {
      ...this.#where(at),
      session,
      content,
    })
    const answer = await this.#call('POST', path)
    return { home: answer.header(HEADERS.home) ?? '' }
  }

  /** Renews up to 10,000 instances (4 MiB as JSON) in one request. */
  async renewMany(items: readonly HeartbeatItem[]): Promise<HeartbeatsAnswer> {
    const instances = items.map((item) => ({ ...defined(this.#where(item)), ...item }))
    const answer = await this.#call('POST', `${API_BASE}/heartbeats`, { body: { instances } })
    return answer.body as HeartbeatsAnswer
  }

  /** Changes what an operator may change; null lifts the override or deletes a metadata pair. */
  async patch(at: InstanceAt, patch: PatchBody): Promise<Instance> {
    const answer = await this.#call('PATCH', this.#instance(at), { body: patch })
    return answer.body as Instance
  }

  /** Cancels an instance; with a `session`, only if no newer process holds it. */
  async cancel(at: InstanceAt, { session }: { session?: number } = {}): Promise<void> {
    await this.#call('DELETE', this.#instance(at, { session }))
  }

  /** Reads one page of services. */
  async services(
    query: { env?: string; prefix?: string; limit?: number; cursor?: string } = {},
  ): Promise<ServiceList> {
    const path = withQuery(`${API_BASE}/services`, { ...query, env: query.env ?? this.#env })
    const answer = await this.#call('GET', path)
    return answer.body as ServiceList
  }

  /** Reads all services, page by page as they are asked for. */
  async *everyService(
    query: { env?: string; prefix?: string } = {},
  ): AsyncGenerator<ServiceSummary, void, undefined> {
    const read = (page: PageQuery) => this.services({ ...query, ...page })
    for await (const page of everyPage(read)) yield* page.services
  }

  /** Reads one service; undefined when nothing changed since `after` in the time to wait. */
  async service(name: string, query: ServiceQuery = {}): Promise<ServiceView | undefined> {
    const { after, waitMs, signal } = query
    const path = withQuery(servicePath(name), {
      ...filterQuery(query),
      ...this.#where(query),
      after,
      wait: waitMs === undefined ? undefined : `${waitMs}ms`,
    })
    const answer = await this.#call('GET', path, { signal, waitMs: waitMs ?? 0 })
    return answer.status === 304 ? undefined : (answer.body as ServiceView)
  }

  /** Reads one instance. */
  async instance(at: InstanceAt): Promise<Instance> {
    const answer = await this.#call('GET', this.#instance(at))
    return answer.body as Instance
  }

  /** Asks why a service or instance is there, or is not. */
  async explain(query: {
    service: string
    env?: string
    zone?: string
    id?: string
  }): Promise<Explanation> {
    const { service, id } = query
    const path = withQuery(`${API_BASE}/explain`, { service, id, ...this.#where(query) })
    const answer = await this.#call('GET', path)
    return answer.body as Explanation
  }

  /** Ends, forbids or allows the protection of a service. */
  async protect(
    service: string,
    action: ProtectionAction,
    where: { env?: string } = {},
  ): Promise<ProtectionAnswer> {
    const path = withQuery(`${servicePath(service)}/protection`, { env: where.env ?? this.#env })
    const answer = await this.#call('POST', path, { body: { action } })
    return answer.body as ProtectionAnswer
  }

  /** Does several compares and operations on keys as one step. */
  txn(txn: Txn, options: WriteOptions = {}): Promise<TxnAnswer> {
    return sendTxn(this.#catalog, txn, options)
  }

  /** Searches resources; one page. Throws `namespace_not_found`, `invalid_argument` (the pattern). */
  search(query: SearchQuery): Promise<SearchAnswer> {
    return search(this.#catalog, query)
  }

  /** Searches resources, page by page as they are asked for. */
  everyHit(
    query: Omit<SearchQuery, 'limit' | 'cursor'>,
  ): AsyncGenerator<SearchHit, void, undefined> {
    return everyHit(this.#catalog, query)
  }

  /** Reads how the cluster looks to the node that answers. */
  async cluster(): Promise<Cluster> {
    const answer = await this.#call('GET', `${API_BASE}/cluster`)
    return answer.body as Cluster
  }

  /** Reads the members of the cluster, as the node that answers sees them. */
  async members(): Promise<MemberList> {
    const answer = await this.#call('GET', `${API_BASE}/cluster/members`)
    return answer.body as MemberList
  }

  /** Takes a member out of the cluster. `planes` are those that it leaves by itself: it lives; none if it was dead. */
  async removeMember(id: string): Promise<MemberRemoval> {
    const answer = await this.#call('DELETE', memberPath(id))
    return answer.status === 202 ? (answer.body as MemberRemoval) : { planes: [] }
  }

  /** Says whether any of the servers is ready. One that cannot be reached is not. */
  ready(): Promise<boolean> {
    return this.#transport.anyAnswers({ method: 'GET', path: '/readyz' }, 200)
  }

  /**
   * Watches services until `signal` aborts or the client is closed; a lost connection is taken up
   * again where it broke. Throws what no waiting cures, such as a refused query or token.
   */
  watch(query: WatchQuery): AsyncIterable<WatchEvent> {
    return watch(this.#watchOptions, { ...query, ...defined(this.#where(query)) })
  }

  /** Breaks off calls and watches that go on, and closes all connections. Safe to call again. */
  close(): Promise<void> {
    return this.#transport.close()
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #call(method: Call['method'], path: string, more: Omit<Call, 'method' | 'path'> = {}) {
    return this.#transport.call({ method, path, ...more })
  }

  #instance(at: InstanceAt, query: Query = {}): string {
    return withQuery(instancePath(at), { ...this.#where(at), ...query })
  }

  #where(at: { readonly env?: string | undefined; readonly zone?: string | undefined }) {
    return { env: at.env ?? this.#env, zone: at.zone ?? this.#zone }
  }
}

/** Leaves out what is undefined, which is not the same as absent everywhere. */
function defined({ env, zone }: { env: string | undefined; zone: string | undefined }): Where {
  return { ...(env === undefined ? {} : { env }), ...(zone === undefined ? {} : { zone }) }
}
