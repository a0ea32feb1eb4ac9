import { expect, test } from 'vitest'
import { gaugeCluster } from './cluster-gauges.ts'
import type { ClusterView } from './http/cluster-view.ts'
import { createMetrics } from './telemetry/index.ts'
import { threeMembers } from './testing/three-members.ts'

async function scrape(cluster: ClusterView) {
  const metrics = createMetrics({ ofProcess: false })
  gaugeCluster(metrics, cluster)
  return async () =>
    (await metrics.text()).split('\n').filter((line) => /^rollcall_(peer|m)/.test(line))
}

test('a scrape asks who is in the cluster, and how each peer does, but not about this node', async () => {
  const lines = await (await scrape(threeMembers()))()
  for (const line of [
    'rollcall_members 3',
    'rollcall_members_alive 2',
    'rollcall_minority 0',
    'rollcall_peer_outbox_records{peer="n2"} 12',
    'rollcall_peer_outbox_records{peer="n3"} 0',
    'rollcall_peer_lag_seconds{peer="n2"} 0.31',
    'rollcall_peer_silence_seconds{peer="n2"} 0.74',
  ]) {
    expect(lines).toContain(line)
  }
  expect(lines.filter((line) => line.includes('peer="n1"'))).toEqual([])
  // Nothing was ever heard of it: that is no silence of 0 seconds.
  expect(lines.filter((line) => line.includes('silence') && line.includes('n3'))).toEqual([])
})

test('a peer that is no member any more has no series', async () => {
  const cluster = threeMembers()
  const read = await scrape(cluster)
  await read()
  cluster.removeMember('n2')
  expect((await read()).filter((line) => line.includes('peer="n2"'))).toEqual([])
})

test('one that is kept as removed has none either, and a minority is 1', async () => {
  const cluster = threeMembers()
  const removed = cluster.members().map((member) => ({ ...member, state: 'removed' as const }))
  const status = { ...cluster.status(), minority: true }
  const lines = await (await scrape({ ...cluster, members: () => removed, status: () => status }))()
  expect(lines).toContain('rollcall_minority 1')
  expect(lines.filter((line) => line.includes('peer="'))).toEqual([])
})
