import { expect, test } from 'vitest'
import { until } from '@rollcall/runtime/testing'
import { begin, run } from '../testing/run.ts'
import { instanceOf, refusal, standIn, type Answer, type Seen } from '../testing/stand-in.ts'

const WITHIN = { withinMs: 10_000 }

/** Takes every register and cancel. */
function willing({ method, body, path }: Seen): Answer {
  if (method !== 'PUT') return { status: 204 }
  const id = decodeURIComponent(path.split('/').at(-1) ?? '')
  return { status: 201, body: instanceOf({ ...(body as object), id }) }
}

test('cancel cancels', async () => {
  await using registry = await standIn(() => ({ status: 204 }))
  const where = ['--server', registry.url, '--env', 'prod', '--zone', 'z1']

  expect(await run(['cancel', 'orders', 'h:80', ...where])).toMatchObject({
    code: 0,
    out: ['Cancelled orders h:80.'],
  })
  expect(registry.seen[0]).toMatchObject({
    method: 'DELETE',
    path: '/registry/v1/services/orders/instances/h%3A80',
    query: { env: 'prod', zone: 'z1' },
  })
  const { text } = await run(['cancel', 'orders', 'h:80', ...where, '--json'])
  expect(JSON.parse(text)).toEqual({ cancelled: { service: 'orders', id: 'h:80' } })
})

test('cancelling what is not there ends with 3', async () => {
  await using registry = await standIn(() => refusal(404, 'instance_not_found'))
  expect(await run(['cancel', 'orders', 'a', '--server', registry.url])).toMatchObject({
    code: 3,
    err: ['No: instance_not_found.'],
  })
})

test('protection sends the action and says what came of it', async () => {
  await using registry = await standIn(() => ({
    status: 200,
    body: { protected: null, forbidden: true },
  }))

  const { code, out } = await run(['protection', 'orders', 'forbid', '--server', registry.url])

  expect(code).toBe(0)
  expect(out).toEqual(['Protection of orders is forbidden. It holds nothing.'])
  expect(registry.seen[0]).toMatchObject({
    method: 'POST',
    path: '/registry/v1/services/orders/protection',
    body: { action: 'forbid' },
  })
})

test('register sends all that was given, says so once, and cancels at the end', async () => {
  await using registry = await standIn(willing)
  const content =
    '--address http://h:80 --address grpc://h:81 --hostname h --version 2 --weight 5 --tag x ' +
    '--tag y --meta a=b --meta c=d=e --status starting --ttl 30s --env prod'

  const running = begin([
    'register',
    'orders',
    'h:80',
    '--server',
    registry.url,
    ...content.split(' '),
  ])
  await until('it was registered', () => running.out[0], WITHIN)
  running.stop()

  expect(await running.code).toBe(0)
  expect(running.out).toEqual([
    'Registered orders h:80 in prod/z1 at node n1, silent for 30 s at most.',
  ])
  expect(running.err).toEqual([])
  expect(running.lifetimes).toEqual({ opened: 1, disposed: 1 })
  expect(registry.seen.map(({ method }) => method)).toEqual(['PUT', 'DELETE'])
  expect(registry.seen[0]?.query).toEqual({ env: 'prod' })
  expect(registry.seen[0]?.body).toEqual({
    addresses: ['http://h:80', 'grpc://h:81'],
    hostname: 'h',
    version: '2',
    weight: 5,
    tags: ['x', 'y'],
    metadata: { a: 'b', c: 'd=e' },
    status: 'starting',
    ttlMs: 30_000,
    session: expect.any(Number) as number,
  })
}, 20_000)

test('register takes the name of the machine as id, and sends only what was given', async () => {
  await using registry = await standIn(willing)

  const running = begin(['register', 'orders', '--json', '--server', registry.url])
  const line = await until('it was registered', () => running.out[0], WITHIN)
  running.stop()

  expect(await running.code).toBe(0)
  expect(JSON.parse(line)).toMatchObject({ service: 'orders', id: 'this-machine', home: 'n1' })
  expect(registry.seen[0]?.path).toBe('/registry/v1/services/orders/instances/this-machine')
  expect(Object.keys(registry.seen[0]?.body as object).sort()).toEqual(['addresses', 'session'])
}, 20_000)

test.each([
  ['invalid_argument', 400, 2],
  ['forbidden', 403, 1],
])('register ends when it is refused as %s', async (code, status, exitCode) => {
  await using registry = await standIn(() => refusal(status, code))

  const ended = await run(['register', 'orders', 'a', '--server', registry.url])

  expect(ended).toMatchObject({ code: exitCode, out: [], err: [`No: ${code}.`] })
})

test('register waits for a registry, and says that it does', async () => {
  let ready = false
  await using registry = await standIn((seen) =>
    ready ? willing(seen) : refusal(503, 'not_ready', 'Starting.'),
  )

  const running = begin(['register', 'orders', 'a', '--server', registry.url])
  const told = await until('it told of waiting', () => running.err[0], WITHIN)
  ready = true
  await until('it was registered', () => running.out[0], WITHIN)
  running.stop()

  expect(await running.code).toBe(0)
  expect(told).toBe('No registry server takes requests, trying again: Starting.')
}, 30_000)
