/**
 * The metrics of one node, kept by prom-client behind narrow handles. Each node has a registry
 * of its own, so that several can live in one process.
 *
 * @module
 */

import * as prometheus from 'prom-client'
import { CATALOG_HISTOGRAMS, type HistogramDefinition } from './catalog-definitions.ts'
import type { Counter, Gauge, Histogram, HttpObserver, PeerGauge } from './handles.ts'
import { openLoopDelay } from './loop-delay.ts'
import {
  COUNTERS,
  GAUGES,
  HTTP_DURATIONS,
  HTTP_REQUESTS,
  PEER_GAUGES,
  SPLIT_COUNTERS,
  type MetricDefinition,
  type SplitDefinition,
} from './metrics.ts'

export interface MetricsOptions {
  /**
   * Adds what describes the process: memory, CPU, garbage collection, event loop. True unless
   * told; false where many nodes share a process, since its observers last as long as the process.
   */
  readonly ofProcess?: boolean
}

/** The handles of every metric, and the page that Prometheus reads. */
export type Metrics = ReturnType<typeof createMetrics>

/** Makes the metrics of one node, all at zero. */
export function createMetrics({ ofProcess = true }: MetricsOptions = {}) {
  const registry = new prometheus.Registry()
  const handles = {
    ...each(GAUGES, (definition) => gauge(registry, definition)),
    ...each(PEER_GAUGES, (definition) => peerGauge(registry, definition)),
    ...each(COUNTERS, (definition) => counter(registry, definition)),
    ...each(CATALOG_HISTOGRAMS, (definition) => histogram(registry, definition)),
    registrations: split(registry, SPLIT_COUNTERS.registrations),
    renewals: split(registry, SPLIT_COUNTERS.renewals),
    watcherResyncs: split(registry, SPLIT_COUNTERS.watcherResyncs),
    warmStartWrites: split(registry, SPLIT_COUNTERS.warmStartWrites),
    peerMessagesSent: split(registry, SPLIT_COUNTERS.peerMessagesSent),
    peerMessagesReceived: split(registry, SPLIT_COUNTERS.peerMessagesReceived),
    peerRefusals: split(registry, SPLIT_COUNTERS.peerRefusals),
    peerRecordsRefused: split(registry, SPLIT_COUNTERS.peerRecordsRefused),
    peerSyncs: split(registry, SPLIT_COUNTERS.peerSyncs),
    catalogRefusals: split(registry, SPLIT_COUNTERS.catalogRefusals),
    catalogViews: split(registry, SPLIT_COUNTERS.catalogViews),
    http: httpObserver(registry),
  }
  const loopDelay = ofProcess ? openLoopDelay() : undefined
  if (loopDelay !== undefined) {
    handles.eventLoopDelay.collect(() => loopDelay.takeP99Seconds())
    prometheus.collectDefaultMetrics({ register: registry })
  }
  return {
    ...handles,
    /** The `Content-Type` of `text`. */
    contentType: registry.contentType as string,
    /** Renders every metric in the text format of Prometheus. Rejects when a `collect` throws. */
    text: (): Promise<string> => registry.metrics(),
    /** Stops measuring the event loop and forgets every metric. */
    close(): void {
      loopDelay?.close()
      registry.clear()
    },
  }
}

function gauge(registry: prometheus.Registry, { name, help }: MetricDefinition): Gauge {
  let read: (() => number) | undefined
  const kept = new prometheus.Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      if (read !== undefined) this.set(read())
    },
  })
  return {
    set: (value) => {
      kept.set(value)
    },
    collect: (next) => {
      read = next
    },
  }
}

function peerGauge(registry: prometheus.Registry, { name, help }: MetricDefinition): PeerGauge {
  let read: Parameters<PeerGauge['collect']>[0] = () => []
  const kept = new prometheus.Gauge({
    name,
    help,
    labelNames: ['peer'],
    collect() {
      this.reset()
      for (const [peer, value] of read()) this.set({ peer }, value)
    },
    registers: [],
  })
  registry.registerMetric(kept)
  return {
    collect: (next) => {
      read = next
    },
  }
}

function counter(registry: prometheus.Registry, { name, help }: MetricDefinition): Counter {
  const kept = new prometheus.Counter({ name, help, registers: [registry] })
  return {
    inc: (n) => {
      kept.inc(n ?? 1)
    },
  }
}

function histogram(
  registry: prometheus.Registry,
  { name, help, buckets }: HistogramDefinition,
): Histogram {
  const registers = [registry]
  const kept = new prometheus.Histogram({ name, help, buckets: [...buckets], registers })
  return {
    observe: (value) => {
      kept.observe(value)
    },
  }
}

/** Makes all children at once, so that each is scraped as 0 before it first happens. */
function split<V extends string>(
  registry: prometheus.Registry,
  { name, help, label, values }: SplitDefinition<V>,
): Readonly<Record<V, Counter>> {
  const kept = new prometheus.Counter({ name, help, labelNames: [label], registers: [registry] })
  const children = values.map((value): [V, Counter] => {
    const child = kept.labels({ [label]: value })
    child.inc(0)
    return [
      value,
      {
        inc: (n) => {
          child.inc(n ?? 1)
        },
      },
    ]
  })
  return Object.fromEntries(children) as Record<V, Counter>
}

const METHODS: ReadonlySet<string> = new Set('GET HEAD POST PUT PATCH DELETE OPTIONS'.split(' '))

function httpObserver(registry: prometheus.Registry): HttpObserver {
  const registers = [registry]
  const requests = new prometheus.Counter({
    name: HTTP_REQUESTS.name,
    help: HTTP_REQUESTS.help,
    labelNames: HTTP_REQUESTS.labels,
    registers,
  })
  const durations = new prometheus.Histogram({
    name: HTTP_DURATIONS.name,
    help: HTTP_DURATIONS.help,
    labelNames: HTTP_DURATIONS.labels,
    buckets: [...HTTP_DURATIONS.buckets],
    registers,
  })
  return {
    observer({ method, route = 'unmatched', status }) {
      const counted = requests.labels({ method, route, status })
      const timed = durations.labels({ method, route })
      return (durationMs) => {
        counted.inc()
        timed.observe(durationMs / 1_000)
      }
    },
    observe(request) {
      // Clients choose methods freely; the label must not grow with them.
      const method = METHODS.has(request.method) ? request.method : 'other'
      const route = request.route ?? 'unmatched'
      requests.inc({ method, route, status: request.status })
      if (request.durationMs === undefined) return
      durations.observe({ method, route }, request.durationMs / 1_000)
    },
  }
}

function each<K extends string, D, H>(
  definitions: Readonly<Record<K, D>>,
  make: (definition: D) => H,
): Readonly<Record<K, H>> {
  const made = Object.entries<D>(definitions).map(([key, definition]) => [key, make(definition)])
  return Object.fromEntries(made) as Record<K, H>
}
