import { expect, test } from 'vitest'
import { parseMetrics, sampleOf } from './metrics.ts'

const PAGE = `# HELP rollcall_instances Instances.
# TYPE rollcall_instances gauge
rollcall_instances 42
rollcall_registrations_total{outcome="created"} 7
rollcall_http_requests_total{method="GET",route="/a b"} 1.5e3
nodejs_eventloop_lag_max_seconds NaN
`

test('reads samples with and without labels', () => {
  const samples = parseMetrics(PAGE)
  expect(sampleOf(samples, 'rollcall_instances')).toBe(42)
  expect(sampleOf(samples, 'rollcall_registrations_total{outcome="created"}')).toBe(7)
  expect(sampleOf(samples, 'rollcall_http_requests_total{method="GET",route="/a b"}')).toBe(1_500)
  expect(samples.size).toBe(4)
})

test('a metric that is not there is an error, not a zero', () => {
  expect(() => sampleOf(parseMetrics(PAGE), 'rollcall_nothing')).toThrow('rollcall_nothing')
})
