import fc from 'fast-check'
import { Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { HistogramFamily } from './histogram-family.ts'

const definition = { name: 'took_seconds', unit: 'seconds', help: 'Time.', buckets: [0.5, 1, 2] }
const { name, help, buckets } = definition

const value = fc.oneof(fc.constantFrom(0, ...buckets), fc.integer({ min: 0, max: 40 }).map(tenths))

function tenths(n: number): number {
  return n / 8
}

test('with labels it writes what the library would write', async () => {
  const observed = fc.array(fc.record({ route: fc.constantFrom('/a', '/b"c'), value }))
  await fc.assert(
    fc.asyncProperty(observed, async (all) => {
      const [ours, theirs] = [new Registry(), new Registry()]
      const family = new HistogramFamily(ours, definition)
      const labelNames = ['method', 'route']
      const theirOwn = new Histogram({ name, help, buckets, labelNames, registers: [theirs] })
      // In the order in which the library meets them.
      const routes = new Set(all.map(({ route }) => route))
      const made = Array.from(routes, (route) => ({ method: 'GET', route }))
      const series = new Map(made.map((labels) => [labels.route, family.series(labels)]))
      family.series({ method: 'GET', route: 'never' })
      for (const { route, value } of all) {
        series.get(route)?.observe(value)
        theirOwn.observe({ method: 'GET', route }, value)
      }
      expect(await ours.metrics()).toBe(await theirs.metrics())
    }),
  )
})

test('without labels it is there from the start, as that of the library is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(value), async (all) => {
      const [ours, theirs] = [new Registry(), new Registry()]
      const series = new HistogramFamily(ours, definition).series()
      const theirOwn = new Histogram({ name, help, buckets: [...buckets], registers: [theirs] })
      for (const one of all) {
        series.observe(one)
        theirOwn.observe(one)
      }
      expect(await ours.metrics()).toBe(await theirs.metrics())
    }),
  )
})
