/**
 * The cluster as one of its nodes sees it. There is no one truth about it: each node answers
 * for itself, and two may differ for as long as they do not hear each other.
 *
 * @module
 */

import { Type, type Static } from 'typebox'

/** A node keeps the catalog by itself, or asks an etcd that others run: it has no member in either. */
const NoCatalog = Type.Null({ description: 'Its own member of the catalog: it has none.' })

export const CATALOG_ENGINES = ['memory', 'lmdb', 'etcd'] as const
export type CatalogEngine = (typeof CATALOG_ENGINES)[number]

export const CATALOG_STATES = ['ok', 'stale', 'unavailable'] as const
export type CatalogState = (typeof CATALOG_STATES)[number]

export const ETCD_ROLES = ['leader', 'follower', 'learner'] as const
export type EtcdRole = (typeof ETCD_ROLES)[number]

/** One of those who keep the catalog where an etcd does that others run. */
export const EtcdMemberView = Type.Object({
  memberId: Type.String({ description: 'Hexadecimal, as the tools of etcd write it.' }),
  name: Type.String({ description: 'Empty for one that has never been started.' }),
  role: Type.Enum([...ETCD_ROLES], {
    description: 'As known to the member that is asked; a learner has no vote yet.',
  }),
})
export type EtcdMemberView = Static<typeof EtcdMemberView>

export const CatalogView = Type.Object({
  engine: Type.Enum([...CATALOG_ENGINES]),
  state: Type.Enum([...CATALOG_STATES], {
    description:
      'ok: reads and writes. stale: reads of what was known, no writes. unavailable: neither.',
  }),
  revision: Type.Integer({ description: 'The newest that this node knows of.' }),
  viewRevision: Type.Integer({ description: 'Up to which this node answers reads.' }),
  leader: Type.Union([Type.String(), Type.Null()], {
    description:
      'The node whose engine leads; null for none, and for an etcd whose members are no nodes.',
  }),
  voters: Type.Integer(),
  faultTolerance: Type.Integer({ description: 'Voters that may be lost without harm.' }),
  dbBytes: Type.Integer(),
  quotaBytes: Type.Union([Type.Integer(), Type.Null()], {
    description: 'What it may grow to; null: what the disk holds, or what etcd is told.',
  }),
  etcdVersion: Type.Optional(Type.String({ description: 'Of the member of etcd that is asked.' })),
  etcdMembers: Type.Optional(
    Type.Array(EtcdMemberView, { description: 'Those of the etcd, whether they run or not.' }),
  ),
})
export type CatalogView = Static<typeof CatalogView>

const unlessUnknown = (description: string) =>
  Type.Union([Type.Integer(), Type.Null()], { description })

export const Cluster = Type.Object({
  node: Type.String({ description: 'Who answers.' }),
  version: Type.String(),
  env: Type.String({ description: 'Env of requests to this node that name none.' }),
  zone: Type.String(),
  incarnation: Type.Integer({
    description: 'Of this node; grows with every start, and after every long stall.',
  }),
  startedAt: Type.Integer({ description: 'Epoch milliseconds; start of the process.' }),
  instances: Type.Object({
    ready: Type.Boolean({ description: 'Whether the instance plane answers here.' }),
    members: Type.Integer({ description: 'Nodes that count, this one included.' }),
    alive: Type.Integer({ description: 'Those of them that are heard, this one included.' }),
    minority: Type.Boolean({
      description: 'Fewer than half are heard: nothing of the others is hidden meanwhile.',
    }),
    protected: Type.Boolean({
      description: 'Whether instances are kept although their deadline passed.',
    }),
    records: Type.Integer({ description: 'Live ones and tombstones.' }),
    root: Type.String({
      description: 'Digest over all records, hexadecimal: equal on nodes that hold the same.',
    }),
  }),
  catalog: Type.Union([CatalogView, Type.Null()], {
    description: 'Null on a node that keeps none.',
  }),
})
export type Cluster = Static<typeof Cluster>

export const MEMBER_STATES = ['alive', 'lost', 'removed'] as const
export type MemberState = (typeof MEMBER_STATES)[number]

export const Member = Type.Object({
  id: Type.String(),
  http: Type.String({ description: 'Where it takes requests, `http://host:port`.' }),
  zone: Type.String(),
  incarnation: Type.Integer({ description: 'The last that was heard of; 0 for none.' }),
  self: Type.Boolean({ description: 'Whether it is the node that answers.' }),
  planes: Type.Object({
    instances: Type.Object({
      state: Type.Enum([...MEMBER_STATES], {
        description:
          'alive: heard within five seconds. lost: not. removed: it left, or was removed.',
      }),
      lastHeardMs: unlessUnknown('Milliseconds since its last beat; null for none.'),
      outbox: Type.Integer({ description: 'Records that it has yet to be told.' }),
      lag: Type.Integer({
        description: 'Milliseconds for which the oldest of them has waited; 0 for none.',
      }),
      digestEqual: Type.Union([Type.Boolean(), Type.Null()], {
        description: 'Whether its last digest was ours; null where it has not said one.',
      }),
      clockOffsetMs: unlessUnknown('How far its wall clock is ahead of ours; null if unknown.'),
    }),
    catalog: NoCatalog,
  }),
})
export type Member = Static<typeof Member>

export const MemberList = Type.Object({ members: Type.Array(Member) })
export type MemberList = Static<typeof MemberList>

export const MemberRemoval = Type.Object({
  planes: Type.Array(Type.Literal('instances'), { description: 'Those that it leaves.' }),
})
export type MemberRemoval = Static<typeof MemberRemoval>

export const ClusterLeader = Type.Object({
  leader: Type.Union([Type.String(), Type.Null()], {
    description: 'The node whose engine leads the catalog; null where members are no nodes.',
  }),
  http: Type.Union([Type.String(), Type.Null()], {
    description: 'Where it takes requests, `http://host:port`; null where members are no nodes.',
  }),
  memberId: Type.Union([Type.String(), Type.Null()], {
    description: "The engine's own name of it; null on one machine.",
  }),
  self: Type.Boolean({ description: 'Whether it is the node that answers.' }),
  term: Type.Integer({ description: '0 where there is nobody to elect.' }),
})
export type ClusterLeader = Static<typeof ClusterLeader>
