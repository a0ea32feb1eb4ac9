import { RESYNC_REASONS } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { register as globalRegistry } from 'prom-client'
import { expect, test } from 'vitest'
import {
  RECORD_REFUSAL_CAUSES,
  SYNC_OUTCOMES,
} from '../instances/replication/replication-metrics.ts'
import type { PeerMessage } from '../instances/replication/messages.ts'
import type { ReplicationMetrics } from '../instances/replication/replication-metrics.ts'
import { PEER_REFUSALS as CHANNEL_REFUSALS, type PeerRefusal } from '../http/peers/index.ts'
import { CATALOG_HISTOGRAMS } from './catalog-definitions.ts'
import { createMetrics } from './create-metrics.ts'
import { instanceMetrics } from './instance-metrics.ts'
import {
  COUNTERS,
  GAUGES,
  HTTP_DURATIONS,
  HTTP_REQUESTS,
  PEER_GAUGES,
  PEER_MESSAGES,
  PEER_REFUSALS,
  RECORD_REFUSALS,
  RESYNC_CAUSES,
  SPLIT_COUNTERS,
  SYNC_ENDS,
} from './metrics.ts'
import { replicationMetrics } from './replication-metrics.ts'

type ChannelMetrics = { refused(reason: PeerRefusal): void }

const DEFINITIONS = [
  ...Object.values(GAUGES),
  ...Object.values(PEER_GAUGES),
  ...Object.values(COUNTERS),
  ...Object.values(SPLIT_COUNTERS),
  ...Object.values(CATALOG_HISTOGRAMS),
  HTTP_REQUESTS,
  HTTP_DURATIONS,
]

/** The samples of a scrape, by name with labels. */
async function scrape(metrics: Pick<ReturnType<typeof createMetrics>, 'text'>) {
  const lines = (await metrics.text()).split('\n').filter((line) => /^[a-z]/.test(line))
  const samples = lines.map((line) => {
    const at = line.lastIndexOf(' ')
    return [line.slice(0, at), Number(line.slice(at + 1))] as const
  })
  return Object.fromEntries(samples)
}

function block(ms: number): undefined {
  const untilMs = systemClock.monotonicMs() + ms
  while (systemClock.monotonicMs() < untilMs);
}

test('shows every metric that is defined, with its help and type, and none else', async () => {
  const text = await createMetrics({ ofProcess: false }).text()
  for (const { name, help } of DEFINITIONS) expect(text).toContain(`# HELP ${name} ${help}\n`)
  const shown = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1])
  expect(shown.sort()).toEqual(DEFINITIONS.map(({ name }) => name).sort())
})

test('names metrics as Prometheus asks: counters end in total, the unit is the base unit', () => {
  for (const { name } of [...Object.values(COUNTERS), ...Object.values(SPLIT_COUNTERS)]) {
    expect(name).toMatch(/^rollcall_[a-z_]+_total$/)
  }
  for (const { name } of [...Object.values(GAUGES), ...Object.values(PEER_GAUGES)])
    expect(name).not.toMatch(/_total$|_ms$/)
})

test('starts at zero, split counters too', async () => {
  const samples = await scrape(createMetrics({ ofProcess: false }))
  expect(samples).toMatchObject({
    rollcall_instances: 0,
    rollcall_evictions_total: 0,
    'rollcall_registrations_total{outcome="superseded"}': 0,
    'rollcall_warm_start_writes_total{outcome="failed"}': 0,
  })
})

test('asks a gauge for its value at each scrape', async () => {
  const metrics = createMetrics({ ofProcess: false })
  let size = 3
  metrics.watchers.set(9)
  metrics.instances.collect(() => size)
  expect(await scrape(metrics)).toMatchObject({ rollcall_instances: 3, rollcall_watchers: 9 })
  size = 4
  expect(await scrape(metrics)).toMatchObject({ rollcall_instances: 4 })
})

test('fails a scrape whose gauge fails, rather than showing an old value', async () => {
  const metrics = createMetrics({ ofProcess: false })
  metrics.instances.collect(() => {
    throw new Error('a bug')
  })
  await expect(metrics.text()).rejects.toThrow('a bug')
})

test('counts what the instance plane reports', async () => {
  const metrics = createMetrics({ ofProcess: false })
  const reports = instanceMetrics(metrics)
  reports.registered('created')
  reports.registered('created')
  reports.renewed('missing', 40)
  reports.cancelled()
  reports.evicted(5)
  reports.hidden(6)
  reports.claimed(7)
  reports.changed(8)
  reports.stalled(1_500)
  reports.fenced()
  expect(await scrape(metrics)).toMatchObject({
    'rollcall_registrations_total{outcome="created"}': 2,
    'rollcall_registrations_total{outcome="changed"}': 0,
    'rollcall_renewals_total{outcome="missing"}': 40,
    rollcall_cancels_total: 1,
    rollcall_evictions_total: 5,
    rollcall_hidden_total: 6,
    rollcall_claims_total: 7,
    rollcall_changes_total: 8,
    rollcall_stall_seconds_total: 1.5,
    rollcall_self_fences_total: 1,
  })
})

test('counts what replication reports', async () => {
  const metrics = createMetrics({ ofProcess: false })
  const reports: ReplicationMetrics & ChannelMetrics = replicationMetrics(metrics)
  for (const kind of PEER_MESSAGES) reports.sent(kind)
  reports.sent('batch', 2)
  reports.received('forward-ack', 4)
  reports.refused('wrong_secret')
  reports.recordsSent(10)
  reports.recordsMerged(9)
  reports.recordsRefused('future', 2)
  reports.recordsRefused('old', 1)
  reports.forwarded(30)
  reports.delivered(20)
  reports.synced('repaired')
  reports.overflowed()
  expect(await scrape(metrics)).toMatchObject({
    'rollcall_peer_messages_sent_total{kind="batch"}': 3,
    'rollcall_peer_messages_sent_total{kind="relay"}': 1,
    'rollcall_peer_messages_received_total{kind="forward-ack"}': 4,
    'rollcall_peer_messages_received_total{kind="batch"}': 0,
    'rollcall_peer_refusals_total{reason="wrong_secret"}': 1,
    'rollcall_peer_refusals_total{reason="silent"}': 0,
    rollcall_peer_records_sent_total: 10,
    rollcall_peer_records_merged_total: 9,
    'rollcall_peer_records_refused_total{reason="future"}': 2,
    'rollcall_peer_records_refused_total{reason="old"}': 1,
    rollcall_peer_renewals_forwarded_total: 30,
    rollcall_peer_renewals_delivered_total: 20,
    'rollcall_peer_syncs_total{outcome="repaired"}': 1,
    'rollcall_peer_syncs_total{outcome="equal"}': 0,
    rollcall_peer_outbox_overflows_total: 1,
  })
})

test('knows every kind of message between nodes', () => {
  const kinds: Record<PeerMessage['kind'], true> = {
    batch: true,
    ack: true,
    forward: true,
    'forward-ack': true,
    digest: true,
    'digest-answer': true,
    buckets: true,
    'buckets-answer': true,
    relay: true,
  }
  expect(PEER_MESSAGES).toEqual(Object.keys(kinds))
})

test('knows every way to refuse a peer or its record, and to end a sync', () => {
  expect(PEER_REFUSALS).toEqual(CHANNEL_REFUSALS)
  expect(RECORD_REFUSALS).toEqual(RECORD_REFUSAL_CAUSES)
  expect(SYNC_ENDS).toEqual(SYNC_OUTCOMES)
})

test('counts and times requests by method, route and status', async () => {
  const { http, text } = createMetrics({ ofProcess: false })
  http.observe({ method: 'GET', route: '/services', status: 200, durationMs: 30 })
  http.observe({ method: 'GET', route: '/services', status: 304, durationMs: undefined })
  http.observe({ method: 'PROPFIND', route: undefined, status: 404, durationMs: 1 })
  const samples = await scrape({ text })
  const duration = 'rollcall_http_request_duration_seconds'
  expect(samples).toMatchObject({
    'rollcall_http_requests_total{method="GET",route="/services",status="200"}': 1,
    'rollcall_http_requests_total{method="GET",route="/services",status="304"}': 1,
    'rollcall_http_requests_total{method="other",route="unmatched",status="404"}': 1,
    [`${duration}_count{method="GET",route="/services"}`]: 1,
    [`${duration}_sum{method="GET",route="/services"}`]: 0.03,
    [`${duration}_bucket{le="0.025",method="GET",route="/services"}`]: 0,
    [`${duration}_bucket{le="0.05",method="GET",route="/services"}`]: 1,
  })
})

test('keeps the metrics of two nodes apart, and out of the registry of the process', async () => {
  const [one, other] = [createMetrics({ ofProcess: false }), createMetrics({ ofProcess: false })]
  one.cancels.inc()
  expect(await scrape(other)).toMatchObject({ rollcall_cancels_total: 0 })
  expect(globalRegistry.getMetricsAsArray()).toEqual([])
})

test('describes the process, unless told not to', async () => {
  const metrics = createMetrics()
  const samples = await scrape(metrics)
  expect(samples['process_resident_memory_bytes']).toBeGreaterThan(0)
  expect(samples['process_cpu_seconds_total']).toBeGreaterThan(0)
  metrics.close()
  expect(await metrics.text()).toBe('\n')

  const without = await scrape(createMetrics({ ofProcess: false }))
  expect(Object.keys(without).filter((name) => !name.startsWith('rollcall_'))).toEqual([])
})

test('measures how late the event loop is', async () => {
  const metrics = createMetrics()
  let isBlockTurn = false
  const late = await until(
    'a blocked loop shows',
    async () => {
      // The delay is seen when the loop runs again, so blocking and asking take turns.
      isBlockTurn = !isBlockTurn
      if (isBlockTurn) return block(60)
      const { rollcall_event_loop_delay_seconds: seconds = 0 } = await scrape(metrics)
      return seconds > 0.03 ? seconds : undefined
    },
    { withinMs: 4_000 },
  )
  expect(late).toBeLessThan(10)
  metrics.close()
})

test('knows every reason for which a watcher starts over', () => {
  expect(RESYNC_CAUSES).toEqual(RESYNC_REASONS)
})

test('says which format the text has', () => {
  expect(createMetrics({ ofProcess: false }).contentType).toMatch(/^text\/plain; version=0\.0\.4/)
})
