/**
 * `docs/reference/metrics.md`, written from the definitions.
 *
 * @module
 */

import { CATALOG_HISTOGRAMS, type HistogramDefinition } from './catalog-definitions.ts'
import {
  COUNTERS,
  GAUGES,
  HTTP_DURATIONS,
  HTTP_REQUESTS,
  PEER_GAUGES,
  SPLIT_COUNTERS,
  type MetricDefinition,
} from './metrics.ts'

const INTRODUCTION = `# Metrics

<!-- Written by \`npm run docs\` from packages/server/src/telemetry/metrics.ts; edit it there. -->

\`GET /metrics\` answers in the text format of Prometheus. On a node with a token it needs the token
(\`authorization\` with \`credentials_file\` in a scrape configuration).

No label holds the name of a service or an instance, so the number of series does not grow with the registry;
\`peer\` is the id of another node of the cluster.
Counters start at zero with the process.
`

const PROCESS = `## The process

Names that start with \`process_\` and \`nodejs_\` describe the process: CPU, resident memory, open file
descriptors, heap, garbage collection, event loop. They are those of prom-client.
`

interface Row {
  readonly definition: MetricDefinition
  readonly labels: string
}

/** Renders the whole document. */
export function renderMetricsReference(): string {
  return [
    INTRODUCTION,
    '## Gauges\n',
    table([
      ...Object.values<MetricDefinition>(GAUGES).map((definition) => ({ definition, labels: '' })),
      ...Object.values<MetricDefinition>(PEER_GAUGES).map((definition) => ({
        definition,
        labels: names(['peer']),
      })),
    ]),
    '## Counters\n',
    table([
      ...Object.values(SPLIT_COUNTERS).map((definition) => ({
        definition,
        labels: `\`${definition.label}\`: ${definition.values.join(', ')}`,
      })),
      ...Object.values<MetricDefinition>(COUNTERS).map((definition) => ({
        definition,
        labels: '',
      })),
      { definition: HTTP_REQUESTS, labels: names(HTTP_REQUESTS.labels) },
    ]),
    '## Histograms\n',
    table([
      { definition: HTTP_DURATIONS, labels: names(HTTP_DURATIONS.labels) },
      ...Object.values<MetricDefinition>(CATALOG_HISTOGRAMS).map((definition) => ({
        definition,
        labels: '',
      })),
    ]),
    bucketsOf([HTTP_DURATIONS, ...Object.values<HistogramDefinition>(CATALOG_HISTOGRAMS)]),
    PROCESS,
  ].join('\n')
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ definition: { name, unit, help }, labels }) =>
      `| \`${name}\` | ${unit} | ${labels} | ${help} |`,
  )
  return ['| name | unit | labels | meaning |', '| --- | --- | --- | --- |', ...lines, ''].join(
    '\n',
  )
}

function bucketsOf(histograms: readonly Pick<HistogramDefinition, 'name' | 'buckets'>[]): string {
  return histograms
    .map(({ name, buckets }) => `Buckets of \`${name}\`: ${buckets.join(', ')}.\n`)
    .join('\n')
}

function names(labels: readonly string[]): string {
  return labels.map((label) => `\`${label}\``).join(', ')
}
