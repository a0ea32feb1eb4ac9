/**
 * Two of our nodes on an etcd of three members. In life each has a machine; here all of them have
 * both cores of one, and so have those who ask, and those who go to the same etcd without a node:
 * whatever one side does not use on its own way is there for it, and the same for both.
 *
 * @module
 */

import { startEtcdCluster } from '../replication/etcd-cluster.ts'
import type { Bench } from '../suite/scenario.ts'
import { grpcCall } from '../tools/grpc-call.ts'
import { isLeader, METHODS } from '../tools/grpc-frame.ts'
import { Leftovers } from '../tools/leftovers.ts'
import { startOurNode, type OurNode } from '../tools/our-node.ts'

/** Of everybody in this suite. */
export const CORES = 'any'

/** The members of an etcd, the one that leads first. */
export interface Members extends AsyncDisposable {
  readonly leader: string
  readonly follower: string
  readonly urls: readonly string[]
  readonly pids: readonly number[]
  /** Ends the one that leads as a power cut would. */
  killLeader(): void
}

/** Disposing ends the nodes, then the members. */
export interface Pair extends AsyncDisposable {
  readonly nodes: readonly [OurNode, OurNode]
  readonly members: Members
  /** Of the nodes and the members. */
  readonly pids: readonly number[]
}

/** Starts the members and waits until they have a leader. */
export async function startMembers({ tools }: Bench): Promise<Members> {
  await using started = new Leftovers()
  const etcd = started.use(await startEtcdCluster(tools, CORES))
  const statuses = await Promise.all(etcd.urls.map((url) => grpcCall(url, METHODS.status, {})))
  const leads = statuses.findIndex(({ message }) => isLeader(message))
  const [leader, pid] = [etcd.urls[leads], etcd.pids[leads]]
  if (leader === undefined || pid === undefined) throw new Error('No member of etcd leads.')
  const [follower = '', ...others] = etcd.urls.filter((url) => url !== leader)
  const leftovers = started.move()
  return {
    leader,
    follower,
    urls: [leader, follower, ...others],
    pids: etcd.pids,
    killLeader: () => {
      process.kill(pid, 'SIGKILL')
    },
    [Symbol.asyncDispose]: () => leftovers[Symbol.asyncDispose](),
  }
}

/** Starts the members and two nodes, each of which asks the leader first. */
export async function startPair(bench: Bench): Promise<Pair> {
  await using started = new Leftovers()
  const members = started.use(await startMembers(bench))
  const args = ['--etcd', members.urls.join(',')]
  const nodes = [
    started.use(await startOurNode({ core: CORES, id: 'a', args })),
    started.use(await startOurNode({ core: CORES, id: 'b', args })),
  ] as const
  const leftovers = started.move()
  return {
    nodes,
    members,
    pids: [...nodes.map(({ pid }) => pid), ...members.pids],
    [Symbol.asyncDispose]: () => leftovers[Symbol.asyncDispose](),
  }
}
