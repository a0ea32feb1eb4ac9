/**
 * The cluster as this node sees it, for operators. Reading it needs no ready node: when one is
 * not ready, this is where to look why.
 *
 * @module
 */

import {
  Cluster,
  MemberList,
  MemberRemoval,
  Name,
  Problem,
  type CatalogView,
  type EtcdMemberView,
  type Member,
} from '@rollcall/protocol'
import type { Clock } from '@rollcall/runtime'
import type { FastifyPluginAsync } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Catalog, EngineCluster } from '../../catalog/index.ts'
import type { InstancePlane, MemberStatus } from '../../instances/index.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { Readiness } from '../readiness.ts'
import { catalogClusterRoutes } from './catalog-cluster-routes.ts'

const MemberParams = Type.Object({ id: Name })
const NoQuery = Type.Object({}, { additionalProperties: false })

const tags = ['cluster']
const querystring = NoQuery

const SCHEMAS = {
  cluster: {
    summary: 'The cluster, as this node sees it',
    tags,
    querystring,
    response: { 200: Cluster, '4xx': Problem },
  },
  members: {
    summary: 'The members of the cluster, as this node sees them',
    tags,
    querystring,
    response: { 200: MemberList, '4xx': Problem },
  },
  remove: {
    summary: 'Take a member out of the cluster',
    tags,
    querystring,
    params: MemberParams,
    response: { 202: MemberRemoval, 204: Type.Null(), '4xx': Problem },
  },
}

export interface ClusterRoutesOptions {
  readonly version: string
  readonly instances: InstancePlane
  readonly cluster: ClusterView
  readonly catalog?: Catalog | undefined
  readonly readiness: Readiness
  readonly clock: Pick<Clock, 'wallMs'>
}

export const clusterRoutes: FastifyPluginAsync<ClusterRoutesOptions> = async (app, options) => {
  const { cluster, catalog, instances, readiness } = options
  const startedAt = options.clock.wallMs()

  app.get('/cluster', { schema: SCHEMAS.cluster }, () => presentCluster(options, startedAt))

  app.get('/cluster/members', { schema: SCHEMAS.members }, () => ({
    members: cluster.members().map(presentMember),
  }))

  app.delete<{ Params: Static<typeof MemberParams> }>(
    '/cluster/members/:id',
    {
      schema: SCHEMAS.remove,
      // A node that has not heard the others yet would take them for dead, or for unknown.
      onRequest(_request, _reply, done) {
        readiness.check()
        done()
      },
    },
    (request, reply) => {
      const isLeaving = cluster.removeMember(request.params.id) === 'left'
      if (!isLeaving) return reply.code(204).send()
      const planes: MemberRemoval['planes'] = ['instances']
      return reply.code(202).send({ planes })
    },
  )

  if (catalog) {
    const { node } = instances.place
    await app.register(catalogClusterRoutes, { node, catalog, cluster, readiness })
  }
}

function presentCluster(options: ClusterRoutesOptions, startedAt: number): Cluster {
  const { instances, cluster, catalog, version } = options
  const { node, env, zone } = instances.place
  const { ready, members, alive, minority, records, root, ...status } = cluster.status()
  const own = cluster.members().find(({ self }) => self)
  return {
    node,
    version,
    env,
    zone,
    incarnation: own?.incarnation ?? 0,
    startedAt,
    instances: { ready, members, alive, minority, protected: status.protected, records, root },
    catalog: catalog ? presentCatalog(catalog, node) : null,
  }
}

function presentCatalog(catalog: Catalog, node: string): CatalogView {
  const { engine, state, revision, viewRevision, ...status } = catalog.status()
  const { sizeBytes, quotaBytes = null, cluster } = status
  const voters = cluster ? cluster.members.filter(({ hasVote }) => hasVote).length : 1
  return {
    engine,
    state,
    revision,
    viewRevision,
    // An engine of one machine leads itself, and nobody is there to take over. Members of an etcd
    // that exists are no nodes.
    leader: cluster ? null : node,
    voters,
    faultTolerance: Math.max(0, Math.ceil(voters / 2) - 1),
    dbBytes: sizeBytes,
    quotaBytes,
    ...(cluster && { etcdVersion: cluster.version, etcdMembers: presentEtcd(cluster) }),
  }
}

function presentEtcd({ members, leader }: EngineCluster): EtcdMemberView[] {
  return members.map(({ id: memberId, name, hasVote }) => {
    const role = memberId === leader ? 'leader' : hasVote ? 'follower' : 'learner'
    return { memberId, name, role }
  })
}

function presentMember(member: MemberStatus): Member {
  const { id, address, zone, incarnation, self, state, outbox, lag } = member
  const { lastHeardMs = null, digestEqual = null, clockOffsetMs = null } = member
  const instances = { state, lastHeardMs, outbox, lag, digestEqual, clockOffsetMs }
  const planes = { instances, catalog: null }
  return { id, http: `http://${address}`, zone, incarnation, self, planes }
}
