import { expect, test } from 'vitest'
import { run } from '../testing/run.ts'
import { instanceOf, refusal, standIn } from '../testing/stand-in.ts'

const summary = (service: string) => ({
  service,
  env: 'prod',
  instanceCount: 3,
  upCount: 2,
  zones: { z1: 2, z2: 1 },
  revision: 1,
  protected: null,
})

const view = {
  service: 'orders',
  env: 'prod',
  revision: 4,
  token: 't',
  protected: { reason: 'mass_lapse', since: 0, held: 2, endsAt: 3_600_000 },
  instances: [
    instanceOf({ tags: ['x', 'y'], version: '1.0' }),
    instanceOf({ id: 'b', addresses: [], status: 'down', heldSince: 1_000 }),
  ],
}

test('services reads every page and shows one line each', async () => {
  await using registry = await standIn(({ query }) => ({
    status: 200,
    body:
      query['cursor'] === undefined
        ? { services: [summary('orders')], next: 'more' }
        : { services: [summary('orders-api')], next: null },
  }))

  const { code, out } = await run(['services', '--server', registry.url, '--prefix', 'ord'])

  expect(code).toBe(0)
  expect(out).toEqual([
    'SERVICE     ENV   INSTANCES  UP  ZONES      PROTECTED',
    'orders      prod  3          2   z1:2,z2:1  -',
    'orders-api  prod  3          2   z1:2,z2:1  -',
  ])
  expect(registry.seen[0]).toMatchObject({
    path: '/registry/v1/services',
    query: { prefix: 'ord' },
  })
})

test('services --json is one document', async () => {
  await using registry = await standIn(() => ({
    status: 200,
    body: { services: [summary('orders')], next: null },
  }))
  const { out } = await run(['services', '--server', registry.url, '--json'])
  expect(out).toHaveLength(1)
  expect(JSON.parse(out[0] ?? '')).toEqual({ services: [summary('orders')] })
})

test('instances sends its filters and shows what protection holds', async () => {
  await using registry = await standIn(() => ({ status: 200, body: view }))
  const filters = '--zone z1 --status up --tag x --version 1.0 --meta a=b=c --meta d='.split(' ')

  const { code, out } = await run([
    'instances',
    'team/orders',
    '--server',
    registry.url,
    ...filters,
  ])

  expect(code).toBe(0)
  expect(out).toEqual([
    'ID  ENV   ZONE  STATUS  ADDRESSES    VERSION  WEIGHT  TAGS  HELD',
    'a   prod  z1    up      http://h:80  1.0      1       x,y   -',
    'b   prod  z1    down    -            -        1       -     since 1970-01-01T00:00:01Z',
    'Protected (mass_lapse): 2 held past their deadline since 1970-01-01T00:00:00Z, ' +
      'until 1970-01-01T01:00:00Z at the latest.',
  ])
  expect(registry.seen[0]).toMatchObject({
    path: '/registry/v1/services/team%2Forders',
    query: {
      zone: 'z1',
      status: 'up',
      tag: 'x',
      version: '1.0',
      'metadata.a': 'b=c',
      'metadata.d': '',
    },
  })
})

test('instances --json is the answer as it came', async () => {
  await using registry = await standIn(() => ({ status: 200, body: view }))
  const { out } = await run(['instances', 'orders', '--json', '--server', registry.url])
  expect(out).toHaveLength(1)
  expect(JSON.parse(out[0] ?? '')).toEqual(view)
})

test('a service that is not there ends with 3 and the sentence of the registry', async () => {
  await using registry = await standIn(() => refusal(404, 'service_not_found', 'Not here.'))
  const argv = ['instances', 'orders', '--server', registry.url]

  expect(await run(argv)).toMatchObject({ code: 3, out: [], err: ['Not here.'] })

  const { code, err } = await run([...argv, '--json'])
  expect(code).toBe(3)
  expect(JSON.parse(err.join('\n'))).toEqual({
    type: 'urn:rollcall:error:service_not_found',
    code: 'service_not_found',
    detail: 'Not here.',
    details: { hint: 1 },
  })
})

test('explain shows verdict, places and history', async () => {
  const explanation = {
    verdict: 'other_env',
    sentence: 'It is in another env.',
    elsewhere: [{ env: 'test', zone: 'z9', id: 'a' }],
    history: [
      { at: 1_000, event: 'registered', node: 'n1' },
      { at: 2_000, event: 'cancelled', node: 'n2', detail: 'by its client' },
    ],
    node: 'n1',
  }
  await using registry = await standIn(() => ({ status: 200, body: explanation }))
  const argv = ['explain', 'orders', 'a', '--server', registry.url, '--zone', 'z1']

  const { code, out } = await run(argv)

  expect(code).toBe(0)
  expect(out).toEqual([
    'other_env: It is in another env.',
    'Answered by node n1.',
    '',
    'ELSEWHERE IN  ZONE  ID',
    'test          z9    a',
    '',
    'AT                    EVENT       NODE  DETAIL',
    '1970-01-01T00:00:01Z  registered  n1',
    '1970-01-01T00:00:02Z  cancelled   n2    by its client',
  ])
  expect(registry.seen[0]).toMatchObject({
    path: '/registry/v1/explain',
    query: { service: 'orders', id: 'a', zone: 'z1' },
  })
  const { text } = await run([...argv, '--json'])
  expect(JSON.parse(text)).toEqual(explanation)
})

test('explain without an id asks about the service', async () => {
  const never = { verdict: 'never_registered', sentence: 'Never.', elsewhere: [], history: [] }
  await using registry = await standIn(() => ({ status: 200, body: { ...never, node: 'n1' } }))

  const { code, out } = await run(['explain', 'orders', '--server', registry.url])

  expect(code).toBe(0)
  expect(out).toEqual(['never_registered: Never.', 'Answered by node n1.'])
  expect(registry.seen[0]?.query).toEqual({ service: 'orders' })
})
