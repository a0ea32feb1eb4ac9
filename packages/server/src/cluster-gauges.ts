/**
 * What the gauges of the cluster read when somebody scrapes.
 *
 * @module
 */

import type { ClusterView } from './http/cluster-view.ts'
import type { MemberStatus } from './instances/index.ts'
import type { Metrics } from './telemetry/index.ts'

type UsedMetrics = Pick<
  Metrics,
  'members' | 'membersAlive' | 'minority' | 'peerOutbox' | 'peerLag' | 'peerSilence'
>

/** Points the gauges of the cluster at it. */
export function gaugeCluster(metrics: UsedMetrics, cluster: ClusterView): void {
  metrics.members.collect(() => cluster.status().members)
  metrics.membersAlive.collect(() => cluster.status().alive)
  metrics.minority.collect(() => Number(cluster.status().minority))
  metrics.peerOutbox.collect(() => ofPeers(cluster, ({ outbox }) => outbox))
  metrics.peerLag.collect(() => ofPeers(cluster, ({ lag }) => lag / 1_000))
  metrics.peerSilence.collect(() =>
    ofPeers(cluster, ({ lastHeardMs }) => lastHeardMs && lastHeardMs / 1_000),
  )
}

/** A value of each member but this one and those that are out; none where it is not known. */
function ofPeers(
  cluster: ClusterView,
  read: (member: MemberStatus) => number | undefined,
): [peer: string, value: number][] {
  return cluster.members().flatMap((member): [string, number][] => {
    const value = member.self || member.state === 'removed' ? undefined : read(member)
    return value === undefined ? [] : [[member.id, value]]
  })
}
