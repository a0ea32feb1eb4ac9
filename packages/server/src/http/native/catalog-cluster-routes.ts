/**
 * Who keeps the catalog. An engine of one machine is its own leader and has no other members, and
 * those of an etcd that exists are not ours to change: whoever asks for that is told that there is
 * no cluster.
 *
 * @module
 */

import { ClusterLeader, Name, Problem } from '@rollcall/protocol'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import type { Catalog, EngineCluster } from '../../catalog/index.ts'
import type { ClusterView } from '../cluster-view.ts'
import { notACluster } from '../not-a-cluster.ts'
import { refusal } from '../problem.ts'
import type { Readiness } from '../readiness.ts'

const closed = { additionalProperties: false } as const

const NoQuery = Type.Object({}, closed)
const MemberParams = Type.Object({ id: Name })
const Address = Type.String({ minLength: 1, maxLength: 512, description: '`host:port`' })

const TransferBody = Type.Object(
  { to: Type.Optional(Type.String({ ...Name, description: 'Default: whoever is fit for it.' })) },
  closed,
)
const JoinBody = Type.Object({ id: Name, raft: Address, http: Address }, closed)
const RecoverBody = Type.Object({ force: Type.Literal(true) }, closed)

const tags = ['cluster']
const querystring = NoQuery
const response = { '4xx': Problem }

const SCHEMAS = {
  leader: {
    summary: 'The node whose engine leads the catalog',
    tags,
    querystring,
    response: { 200: ClusterLeader, '4xx': Problem },
  },
  transfer: {
    summary: 'Let another member lead the catalog',
    tags,
    querystring,
    body: TransferBody,
    response,
  },
  join: { summary: 'Add a member to the catalog', tags, querystring, body: JoinBody, response },
  promote: {
    summary: 'Give a member of the catalog its vote',
    tags,
    querystring,
    params: MemberParams,
    response,
  },
  recover: {
    summary: 'Found the catalog anew from its last member',
    tags,
    querystring,
    body: RecoverBody,
    response,
  },
}

export interface CatalogClusterRoutesOptions {
  readonly node: string
  readonly catalog: Catalog
  readonly cluster: ClusterView
  readonly readiness: Readiness
}

export const catalogClusterRoutes: FastifyPluginAsync<CatalogClusterRoutesOptions> = async (
  app,
  options,
) => {
  const { node, catalog, cluster, readiness } = options

  app.get('/cluster/leader', { schema: SCHEMAS.leader }, (): ClusterLeader => {
    const { cluster: members } = catalog.status()
    if (members) return presentLeader(members)
    const own = cluster.members().find(({ self }) => self)
    return { leader: node, http: `http://${own?.address}`, memberId: null, self: true, term: 0 }
  })

  const refuse = () => {
    throw notACluster(catalog)
  }
  await app.register(async (ready) => {
    ready.addHook('onRequest', (_request, _reply, done) => {
      readiness.check()
      done()
    })
    ready.post('/cluster/leader/transfer', { schema: SCHEMAS.transfer }, refuse)
    ready.post('/cluster/members', { schema: SCHEMAS.join }, refuse)
    ready.post('/cluster/members/:id/promote', { schema: SCHEMAS.promote }, refuse)
    ready.post('/cluster/members/recover', { schema: SCHEMAS.recover }, refuse)
  })
}

/** Of an etcd that exists: the member that leads is no node, and any node does for writes. */
function presentLeader({ leader, term }: EngineCluster): ClusterLeader {
  if (leader === undefined) {
    throw refusal('quorum_lost', 'No member of etcd leads at present; try again in a moment.')
  }
  return { leader: null, http: null, memberId: leader, self: false, term }
}
