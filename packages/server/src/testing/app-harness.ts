/**
 * The HTTP server of one node over a real plane, on a clock that the test moves.
 *
 * @module
 */

import type { AddressInfo } from 'node:net'
import { API_BASE } from '@rollcall/protocol'
import { silentLog, type Logger } from '@rollcall/runtime'
import { until, type FakeClock } from '@rollcall/runtime/testing'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { createApp, type HttpLimits } from '../http/app.ts'
import type { Catalog } from '../catalog/index.ts'
import { LONG_BODY_CHARS } from '../http/body-parsers.ts'
import { Readiness } from '../http/readiness.ts'
import { Waiters } from '../http/waiters.ts'
import type { PlaneLimits } from '../instances/index.ts'
import { createAuthorize } from '../security/index.ts'
import { createMetrics, instanceMetrics, type Metrics } from '../telemetry/index.ts'
import { setUpCatalog, type CatalogHarness } from './catalog-harness.ts'
import { setUpPlane, type PlaneHarness } from './plane-harness.ts'
import { soon } from './soon.ts'
import { threeMembers, type ThreeMembers } from './three-members.ts'

export interface AppSetUp {
  readonly token?: string
  readonly limits?: Partial<HttpLimits & PlaneLimits & { readonly watchersMax: number }>
  readonly log?: Logger
  /** How foreign protocols spell the root of the namespaces. */
  readonly rootName?: string
  /** Which plane is served, where it is not the one that the harness has started. */
  readonly catalogOf?: (harness: CatalogHarness) => Promise<Catalog>
}

export interface Call {
  /** Sent as JSON, unless it is text already. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  /** What was sent back, unpacked where it was compressed by nobody. */
  readonly text: string
  readonly bytes: Buffer
  /** The body as JSON; throws where it is none. */
  readonly body: Json
}

/** JSON as tests look into it. */
export type Json = Readonly<Record<string, unknown>>

export interface AppHarness extends PlaneHarness, AsyncDisposable {
  readonly app: FastifyInstance
  readonly readiness: Readiness
  readonly waiters: Waiters
  readonly metrics: Metrics
  readonly cluster: ThreeMembers
  /** The catalog over the engine in memory; both run, on a clock of their own. */
  readonly catalog: CatalogHarness
  /** Calls a route of the native API: `api('GET /services/web')`. */
  api(line: string, call?: Call): Promise<Answer>
  /** Calls any route, by its whole path. */
  ask(line: string, call?: Call): Promise<Answer>
  /** Lets long bodies have their turns of the event loop, on the clock, while something is done. */
  withTurns<T>(doing: Promise<T>): Promise<T>
  /** Waits in real time until `waiters` holds so many. */
  untilWaiting(count: number): Promise<void>
  /** Listens on a free port of loopback. */
  listen(): Promise<{ readonly port: number; readonly url: string }>
}

const LIMITS: HttpLimits = {
  bodyMaxBytes: 64 * 1_024,
  heartbeatsBodyMaxBytes: 4 * 1_024 * 1_024,
  catalogBodyMaxBytes: 2 * 1_024 * 1_024,
  restoreBodyMaxBytes: 64 * 1_024 * 1_024,
  watcherQueueMaxChanges: 1_000,
  watcherQueueMaxBytes: 1_024 * 1_024,
  waitMaxMs: 300_000,
  pageMax: 1_000,
  connectionsMax: 1_000,
}

const REPORT_TTL_MS = 1_800_000

/** Builds a node's server, ready and empty: node `n1`, env `default`, zone `z1`, one of three. */
export async function setUpApp(setUp: AppSetUp = {}) {
  const { token, limits, log = silentLog, rootName } = setUp
  const metrics = createMetrics({ ofProcess: false })
  const harness = setUpPlane({
    metrics: instanceMetrics(metrics),
    ...(limits && { limits: planeLimitsOf(limits) }),
  })
  const { plane, clock } = harness
  const readiness = new Readiness()
  const waiters = new Waiters(limits?.watchersMax ?? 1_000)
  const cluster = threeMembers()
  const catalog = await setUpCatalog(rootName === undefined ? {} : { rootName })
  const app = await createApp({
    node: plane.place.node,
    version: '0.0.0-test',
    instances: plane,
    cluster,
    catalog: (await setUp.catalogOf?.(catalog)) ?? catalog.catalog,
    authorize: createAuthorize(token),
    readiness,
    waiters,
    metrics,
    limits: { ...LIMITS, ...limits },
    reportTtlMs: REPORT_TTL_MS,
    clock,
    log,
  })
  await app.ready()
  return harnessOf({ ...harness, app, readiness, waiters, metrics, cluster, catalog })
}

type Parts = PlaneHarness &
  Pick<AppHarness, 'app' | 'readiness' | 'waiters' | 'metrics' | 'cluster' | 'catalog'>

function harnessOf(parts: Parts): AppHarness {
  const { app, clock, waiters, metrics, catalog } = parts
  const ask = async (line: string, { body, headers = {} }: Call = {}) => {
    const [method = '', url = ''] = line.split(' ', 2)
    const isText = typeof body === 'string' || Buffer.isBuffer(body)
    const payload = isText ? body : JSON.stringify(body)
    const asked = app.inject({
      method: method as NonNullable<InjectOptions['method']>,
      url,
      ...(payload !== undefined && { payload }),
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    })
    const isLong = payload !== undefined && payload.length > LONG_BODY_CHARS
    return answerOf(await (isLong ? withTurns(asked) : asked))
  }
  const withTurns = <T>(doing: Promise<T>) => afterTurns(clock, doing)
  return {
    ...parts,
    ask,
    api: (line, call) => ask(line.replace(' ', ` ${API_BASE}`), call),
    withTurns,
    async untilWaiting(count) {
      await soon(`${count} wait`, () => waiters.count === count)
    },
    async listen() {
      await app.listen({ host: '127.0.0.1', port: 0 })
      const { port } = app.server.address() as AddressInfo
      return { port, url: `http://127.0.0.1:${port}` }
    },
    async [Symbol.asyncDispose]() {
      waiters.drain()
      app.server.closeAllConnections()
      await app.close()
      await catalog[Symbol.asyncDispose]()
      metrics.close()
    },
  }
}

/** Has long bodies read, which wait for their turn on the clock; no time passes. */
async function afterTurns<T>(clock: FakeClock, asked: Promise<T>): Promise<T> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  asked.then(over, over)
  const look = async () => {
    await clock.advance(0)
    return isOver || undefined
  }
  await until('the answer is there', look, { withinMs: 20_000, everyMs: 1 })
  return asked
}

function answerOf({ statusCode, headers, payload, rawPayload }: LightMyRequestResponse): Answer {
  return {
    status: statusCode,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value?.toString()]),
    ),
    text: payload,
    bytes: rawPayload,
    get body() {
      return JSON.parse(payload) as Json
    },
  }
}

/** Hands the plane its own limits and nothing else. */
function planeLimitsOf(limits: Partial<PlaneLimits>): Partial<PlaneLimits> {
  const { instancesMax, tombstonesMax, changeRingSize, defaultTtlMs } = limits
  return {
    ...(instancesMax !== undefined && { instancesMax }),
    ...(tombstonesMax !== undefined && { tombstonesMax }),
    ...(changeRingSize !== undefined && { changeRingSize }),
    ...(defaultTtlMs !== undefined && { defaultTtlMs }),
  }
}
