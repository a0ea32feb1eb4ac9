import { expect, test } from 'vitest'
import { done, setUpLodastack } from './testing/calls.ts'

test('peers are told, and come and go by other calls', async () => {
  await using s = await setUpLodastack()
  expect(Object.keys(done(await s.query('GET /peer')) as object)).toHaveLength(3)
  for (const method of ['POST', 'DELETE']) {
    const { status } = await s.t.ask(`${method} /api/v1/peer`, { body: '{"addr":"10.0.0.9:1"}' })
    expect([method, status]).toEqual([method, 405])
  }
  expect(Object.keys(done(await s.query('GET /peer')) as object)).toHaveLength(3)
})

test('statistics tell how far the catalog is, and how large', async () => {
  await using s = await setUpLodastack()
  const before = done(await s.query('GET /stats')) as { revision: number }
  await s.add('pool.loda', 'deploy', { name: 'a' })
  const after = done(await s.query('GET /stats'))
  expect(after).toEqual({
    state: 'ok',
    revision: before.revision + 1,
    viewRevision: before.revision + 1,
    keys: expect.any(Number),
    leases: 0,
    sizeBytes: expect.any(Number),
    quotaBytes: null,
  })
})
