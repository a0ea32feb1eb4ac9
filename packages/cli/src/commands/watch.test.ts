import { expect, test } from 'vitest'
import { until } from '@rollcall/runtime/testing'
import { begin, run } from '../testing/run.ts'
import { events, instanceOf, refusal, standIn } from '../testing/stand-in.ts'

const WITHIN = { withinMs: 10_000 }

const snapshot = {
  service: 'orders',
  env: 'prod',
  known: true,
  revision: 1,
  token: 't',
  protected: null,
  instances: [instanceOf()],
}
const change = {
  service: 'orders',
  env: 'prod',
  revision: 2,
  token: 'u',
  upserted: [instanceOf({ id: 'b', status: 'starting', heldSince: 1 })],
  removed: [{ zone: 'z1', id: 'a', reason: 'cancelled' }],
}
const stream = [
  { event: 'snapshot', data: snapshot },
  { event: 'snapshot', data: { ...snapshot, service: 'new', known: false, instances: [] } },
  { event: 'change', data: change },
  { event: 'resync', data: { reason: 'slow' } },
]

test('watch prints what is there, then changes, until it is stopped', async () => {
  await using registry = await standIn(() => events(...stream))
  const filters = ['--status', 'up', '--meta', 'a=b', '--env', 'prod']

  const running = begin(['watch', 'orders', 'new', '--server', registry.url, ...filters])
  await until('all events came', () => running.out[5], WITHIN)
  running.stop()

  expect(await running.code).toBe(0)
  expect(running.out).toEqual([
    '* orders in prod: 1 instance',
    '= orders a z1 up http://h:80',
    '* new in prod: never seen here',
    '+ orders b z1 starting http://h:80 held',
    '- orders a z1 cancelled',
    '* starting over (slow)',
  ])
  expect(running.lifetimes).toEqual({ opened: 1, disposed: 1 })
  expect(registry.seen[0]).toMatchObject({
    path: '/registry/v1/watch',
    query: { service: 'new', status: 'up', 'metadata.a': 'b', env: 'prod' },
  })
}, 20_000)

test('watch --json prints one event a line', async () => {
  await using registry = await standIn(() => events(...stream))

  const running = begin(['watch', 'orders', 'new', '--json', '--server', registry.url])
  await until('all events came', () => running.out[3], WITHIN)
  running.stop()
  await running.code

  expect(running.out.map((line) => JSON.parse(line) as unknown)).toEqual(
    stream.map(({ event, data }) => ({ kind: event, data })),
  )
}, 20_000)

test('a watch that is refused for good fails', async () => {
  await using registry = await standIn(() => refusal(401, 'unauthenticated'))
  expect(await run(['watch', 'orders', '--server', registry.url])).toMatchObject({
    code: 1,
    out: [],
    err: ['No: unauthenticated.'],
  })
})
