import { expect, test } from 'vitest'
import { setUpApp } from '../../testing/index.ts'

const SESSION = 1_690_000_000_000

test('renews each that is there and names the others', async () => {
  await using t = await setUpApp()
  t.register({ id: 'a' })
  t.register({ id: 'far', zone: 'z2' })
  t.register({ id: 'prod', env: 'prod' })
  t.register({ id: 'new' }, {}, SESSION)
  t.run(60_000)
  const answer = await t.api('POST /heartbeats', {
    body: {
      instances: [
        { service: 'web', id: 'a' },
        { service: 'web', id: 'far' },
        { service: 'web', id: 'prod', env: 'prod', zone: 'z1' },
        { service: 'web', id: 'new', session: SESSION - 1 },
        { service: 'web', id: 'new', session: SESSION + 1 },
        { service: 'web', id: 'a', zone: 'z9' },
        { service: 'api', id: 'a', env: 'prod' },
      ],
    },
  })
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      renewed: 3,
      missing: [
        { service: 'web', env: 'default', zone: 'z1', id: 'new' },
        { service: 'web', env: 'default', zone: 'z9', id: 'a' },
        { service: 'api', env: 'prod', zone: 'z1', id: 'a' },
      ],
      superseded: [{ service: 'web', env: 'default', zone: 'z1', id: 'new' }],
    },
  ])
  t.run(60_000)
  expect(t.ids()).toEqual(['a', 'far'])
  expect(t.ids({ env: 'prod' })).toEqual(['prod'])
})

test('names the zone in which a newer process holds the instance, also where the client named none', async () => {
  await using t = await setUpApp()
  t.register({ id: 'far', zone: 'z2' }, {}, SESSION)
  const body = { instances: [{ service: 'web', id: 'far', session: SESSION - 1 }] }
  const answer = await t.api('POST /heartbeats', { body })
  expect(answer.body['superseded']).toEqual([
    { service: 'web', env: 'default', zone: 'z2', id: 'far' },
  ])
})

test('says with homes=1 which node is home of which', async () => {
  await using t = await setUpApp()
  t.register({ id: 'a' })
  t.register({ id: 'b' })
  const body = {
    instances: ['a', 'gone', 'b'].map((id) => ({ service: 'web', id })),
  }
  const homes = await t.api('POST /heartbeats?homes=1', { body })
  expect(homes.body).toMatchObject({ renewed: 2, homes: { n1: [0, 2] } })
  for (const query of ['', '?homes=0']) {
    const answer = await t.api(`POST /heartbeats${query}`, { body })
    expect(answer.body).not.toHaveProperty('homes')
  }
})

test('takes 10,000 at once, none, and refuses one more before any deadline moves', async () => {
  await using t = await setUpApp()
  t.register()
  t.run(60_000)
  const many = (count: number) => ({
    body: { instances: Array.from({ length: count }, () => ({ service: 'web', id: 'a' })) },
  })
  const over = await t.api('POST /heartbeats', many(10_001))
  expect([over.status, over.body]).toMatchObject([
    413,
    {
      code: 'limit_exceeded',
      details: { what: 'heartbeats in one request', limit: 10_000, actual: 10_001 },
    },
  ])
  t.run(25_000)
  expect((await t.api('POST /heartbeats', many(0))).body).toMatchObject({ renewed: 0 })
  expect((await t.api('POST /heartbeats', many(10_000))).body).toMatchObject({ renewed: 10_000 })
  t.run(60_000)
  expect(t.ids()).toEqual(['a'])
  t.run(60_000)
  expect(t.ids()).toEqual([])
})

test('has a limit of its own for the body', async () => {
  await using t = await setUpApp({ limits: { bodyMaxBytes: 100, heartbeatsBodyMaxBytes: 1_000 } })
  const body = (bytes: number) => '{"instances":[]}'.padEnd(bytes)
  expect((await t.api('POST /heartbeats', { body: body(1_000) })).status).toBe(200)
  const over = await t.api('POST /heartbeats', { body: body(1_001) })
  expect([over.status, over.body]).toMatchObject([
    413,
    { details: { what: 'request body bytes', limit: 1_000, actual: 1_001 } },
  ])
  const put = await t.api('PUT /services/web/instances/a', { body: body(101) })
  expect(put.body).toMatchObject({ details: { limit: 100, actual: 101 } })
})
