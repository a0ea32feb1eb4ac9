/**
 * A node that joins others with a great many instances.
 *
 * @module
 */

import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { registerMany } from './support/burst.ts'
import { Cluster } from './support/cluster.ts'
import { clusterOf } from './support/cluster-status.ts'
import { call, registration } from './support/http.ts'
import { metric } from './support/metrics.ts'
import { Witness } from './support/witness.ts'

const COUNT = 100_000

test('a node that joins is ready only with all 100,000 instances of the others', async () => {
  await using cluster = await Cluster.lay({ names: ['a', 'b'] })
  const { url } = await cluster.start('a')
  await registerMany(url, {
    service: 'crowd',
    count: COUNT,
    idOf: (n) => `i-${n}`,
    bodyOf: () => registration(),
  })
  await registerMany(url, {
    service: 'shop',
    count: 1,
    idOf: () => 'till',
    bodyOf: () => registration(),
  })
  await using witness = new Witness({
    urls: [cluster.url('b')],
    service: 'shop',
    expected: ['till'],
  })
  const ready = firstReady(cluster.url('b'))
  const [b, shown] = await Promise.all([cluster.start('b'), ready])
  expect(shown).toBeGreaterThanOrEqual(COUNT)
  await witness.lookAgain()
  expect(witness.lapses).toEqual([])
  await cluster.agree({ withinMs: 25_000 })
  expect((await clusterOf(b.url)).instances.records).toBe((await clusterOf(url)).instances.records)
}, 180_000)

/** How many instances a node shows when it says for the first time that it is ready. */
async function firstReady(url: string): Promise<number | undefined> {
  const isReady = async () => (await call(`${url}/readyz`)).status === 200 || undefined
  await until('it is ready', isReady, { withinMs: 60_000, everyMs: 5 })
  return metric(url, 'rollcall_instances')
}
