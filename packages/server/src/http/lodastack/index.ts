/**
 * The protocol of lodastack's registry, under `/api/v1`: its agents, its consumers and its page
 * find here what they know. `docs/reference/lodastack.md` says what differs and why.
 *
 *      request ─┬─▶ form-fields ─┬─▶ namespace-routes ──────────────▶ the tree
 *               │                ├─▶ resource-reads, -writes ─▶ rows ▶ resources, search
 *               │                └─▶ status-routes
 *               ├─▶ bodies ──────┬─▶ resource-writes, -lists ─▶ rows ▶ resources
 *               │                └─▶ agent-routes ─┬─▶ machine-changes ▶ machines
 *               │                                  └─▶ reports ───────▶ infra.machine
 *               └─▶ backup-routes ─────────────────────────────────▶ backups
 *
 * @module
 */

import type { Clock, Logger } from '@rollcall/runtime'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { Catalog } from '../../catalog/index.ts'
import type { InstancePlane } from '../../instances/index.ts'
import { answerFailures } from '../answer-failures.ts'
import { takeAsJson } from '../body-parsers.ts'
import type { ClusterView } from '../cluster-view.ts'
import { takeForms } from '../form-fields.ts'
import type { Readiness } from '../readiness.ts'
import { addAgentReads, addAgentWrites } from './agent-routes.ts'
import { fail } from './answers.ts'
import { addBackupRoutes } from './backup-routes.ts'
import { addNamespaceWrites, getNamespaces } from './namespace-routes.ts'
import { Reports } from './reports.ts'
import { addResourceLists } from './resource-lists.ts'
import { listResources, searchResources } from './resource-reads.ts'
import { addResourceForms, addResourceWrites } from './resource-writes.ts'
import { addStatusRoutes } from './status-routes.ts'

export interface LodastackOptions {
  readonly instances: InstancePlane
  readonly catalog: Catalog
  readonly cluster?: ClusterView | undefined
  readonly readiness: Readiness
  readonly limits: {
    readonly catalogBodyMaxBytes: number
    readonly restoreBodyMaxBytes: number
  }
  /** For how long a machine is there after its agent's report. */
  readonly reportTtlMs: number
  readonly clock: Clock
  readonly log: Logger
}

const PREFIX = '/api/v1'

export const lodastackRoutes: FastifyPluginAsync<LodastackOptions> = async (app, options) => {
  await app.register(
    async (api) => {
      const tree = options.catalog.namespaces
      answerFailures(api, { ...options, answer: (reply, failed) => fail(reply, failed, tree) })
      await api.register(async (forms) => {
        takeForms(forms)
        addFormRoutes(forms, options)
      })
      await api.register(async (json) => {
        json.removeAllContentTypeParsers()
        // Whatever the type says: curl says that it is a form.
        takeAsJson(json, { types: '*', clock: options.clock })
        addJsonRoutes(json, options)
      })
      await api.register(async (backups) => {
        addBackupRoutes(backups, options)
      })
    },
    { prefix: PREFIX },
  )
}

function addFormRoutes(api: FastifyInstance, options: LodastackOptions): void {
  const { catalog, cluster } = options
  readView(api, catalog)
  addNamespaceWrites(api, catalog.namespaces)
  addReads(api, catalog)
  addResourceForms(api, catalog)
  addAgentReads(api, { catalog, reports: new Reports(options) })
  addStatusRoutes(api, { catalog, cluster })
}

function addJsonRoutes(api: FastifyInstance, options: LodastackOptions): void {
  const { catalog, limits } = options
  readView(api, catalog)
  addResourceWrites(api, { catalog, bodyLimit: limits.catalogBodyMaxBytes })
  addResourceLists(api, { catalog, bodyLimit: limits.catalogBodyMaxBytes })
  addAgentWrites(api, { catalog, reports: new Reports(options) })
}

/** Under these names too the original answers reads, to machines and to its own other services. */
const ALIASES = {
  ns: ['', '/router', '/alarm', '/event'],
  resource: ['', '/agent', '/router', '/alarm', '/event'],
  search: ['', '/event'],
} as const

function addReads(api: FastifyInstance, catalog: Catalog): void {
  const schema = { hide: true }
  for (const before of ALIASES.ns) {
    api.get(`${before}/ns`, { schema }, (request, reply) =>
      getNamespaces(catalog.namespaces, request, reply),
    )
  }
  for (const before of ALIASES.resource) {
    api.get(`${before}/resource`, { schema }, (request, reply) =>
      listResources(catalog, request, reply),
    )
  }
  for (const before of ALIASES.search) {
    api.get(`${before}/resource/search`, { schema }, (request, reply) =>
      searchResources(catalog, request, reply),
    )
  }
}

/** There is nothing to say before the first view of the catalog is there. */
function readView(api: FastifyInstance, catalog: Catalog): void {
  api.addHook('preHandler', async () => {
    await catalog.readable({})
  })
}
