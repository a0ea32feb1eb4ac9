/**
 * Namespaces: the tree, and what is done to one place of it.
 *
 * @module
 */

import {
  API_BASE,
  Namespace,
  NamespacePatch,
  NamespaceTree,
  NewNamespace,
  Problem,
} from '@rollcall/protocol'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Catalog } from '../../catalog/index.ts'
import { FRESHNESS, readable, tellWritten } from './catalog-reads.ts'
import { idempotencyOf } from './idempotency-key.ts'
import { presentNamespace, presentTree } from '../present-resources.ts'

const closed = { additionalProperties: false } as const

const PathParams = Type.Object({
  '*': Type.String({ title: 'path', description: 'Root first, with slashes: `product/server`.' }),
})
/** The root has a route of its own: its path is empty. */
interface PathParams {
  readonly '*'?: string
}

const TreeQuery = Type.Object(
  {
    depth: Type.Optional(
      Type.Integer({ minimum: 0, description: 'How far below; 0: it alone. Default 1.' }),
    ),
    ...FRESHNESS,
  },
  closed,
)
type TreeQuery = Static<typeof TreeQuery>
const NoQuery = Type.Object({}, closed)

export interface NamespaceRoutesOptions {
  readonly catalog: Catalog
}

const tags = ['namespaces']
const params = PathParams
const querystring = NoQuery

const READ = {
  tags,
  querystring: TreeQuery,
  response: { 200: NamespaceTree, '4xx': Problem },
}
const CREATE = {
  tags,
  querystring,
  body: NewNamespace,
  response: { 201: Namespace, '4xx': Problem },
}
const CHANGE = {
  summary: 'Rename, move or describe a namespace; what is below goes along',
  tags,
  querystring,
  body: NamespacePatch,
  response: { 200: Namespace, '4xx': Problem },
}
const REMOVE = {
  summary: 'Delete a namespace that holds neither namespaces nor machines',
  tags,
  querystring,
  response: { 204: Type.Null(), '4xx': Problem },
}

const ROOT = '/namespaces'
const PATH = '/namespaces/*'

export const namespaceRoutes: FastifyPluginAsync<NamespaceRoutesOptions> = async (app, options) => {
  const { catalog } = options
  const { namespaces } = catalog

  type Reading = FastifyRequest<{ Params: PathParams; Querystring: TreeQuery }>
  const read = async (request: Reading, reply: FastifyReply): Promise<NamespaceTree> => {
    await readable(catalog, request, reply)
    const { depth = 1 } = request.query
    return presentTree(namespaces.tree(pathOf(request), depth))
  }
  app.get<{ Params: PathParams; Querystring: TreeQuery }>(
    ROOT,
    { schema: { ...READ, summary: 'The root of the namespaces, with what is below' } },
    read,
  )
  app.get<{ Params: PathParams; Querystring: TreeQuery }>(
    PATH,
    { schema: { ...READ, summary: 'A namespace, with what is below', params } },
    read,
  )

  type Creation = FastifyRequest<{ Params: PathParams; Body: NewNamespace }>
  const create = async (request: Creation, reply: FastifyReply): Promise<FastifyReply> => {
    const idempotency = idempotencyOf(request)
    const written = await namespaces.create(pathOf(request), request.body, { idempotency })
    tellWritten(reply, written)
    const namespace = presentNamespace(written.namespace)
    return reply.code(201).header('location', locationOf(namespace.path)).send(namespace)
  }
  app.post<{ Params: PathParams; Body: NewNamespace }>(
    ROOT,
    { schema: { ...CREATE, summary: 'Make a namespace below the root' } },
    create,
  )
  app.post<{ Params: PathParams; Body: NewNamespace }>(
    PATH,
    { schema: { ...CREATE, summary: 'Make a namespace below another', params } },
    create,
  )

  // The root is neither changed nor deleted, and says so itself.
  for (const [path, shown] of [
    [PATH, { params }],
    [ROOT, { hide: true }],
  ] as const) {
    app.patch<{ Params: PathParams; Body: NamespacePatch }>(
      path,
      { schema: { ...CHANGE, ...shown } },
      async (request, reply) => {
        const idempotency = idempotencyOf(request)
        const written = await namespaces.change(pathOf(request), request.body, { idempotency })
        tellWritten(reply, written)
        return presentNamespace(written.namespace)
      },
    )
    app.delete<{ Params: PathParams }>(
      path,
      { schema: { ...REMOVE, ...shown } },
      async (request, reply) => {
        const idempotency = idempotencyOf(request)
        tellWritten(reply, await namespaces.delete(pathOf(request), { idempotency }))
        return reply.code(204).send()
      },
    )
  }
}

function pathOf({ params: { '*': path = '' } }: { readonly params: PathParams }): string {
  return path
}

function locationOf(path: string): string {
  return `${API_BASE}${ROOT}/${path}`
}
