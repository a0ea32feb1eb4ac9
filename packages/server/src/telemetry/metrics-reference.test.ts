import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createMetrics } from './create-metrics.ts'
import { renderMetricsReference } from './metrics-reference.ts'

const committed = new URL('../../../../docs/reference/metrics.md', import.meta.url)

test('docs/reference/metrics.md is what the definitions say (if not: run `npm run docs`)', () => {
  expect(readFileSync(committed, 'utf8')).toBe(renderMetricsReference())
})

test('every metric that a node shows is in the reference, and the other way round', async () => {
  const text = await createMetrics({ ofProcess: false }).text()
  const shown = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1])
  const documented = [...renderMetricsReference().matchAll(/^\| `(\S+)`/gm)].map(
    (match) => match[1],
  )
  expect(documented.sort()).toEqual(shown.sort())
})
