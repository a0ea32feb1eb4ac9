import { silentLog } from '@rollcall/runtime'
import fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { setUpPlane } from '../../testing/index.ts'
import { Readiness } from '../readiness.ts'
import { Waiters } from '../waiters.ts'
import { bilibiliRoutes } from './index.ts'
import { LatestTimes } from './latest-times.ts'
import { bodyOf, encoded, type Params } from './testing/calls.ts'
import { parsePlans, TrafficPlans } from './traffic-plans.ts'

const CLIENTS = { sh001: { zones: { sh001: { weight: 10 }, sh002: { weight: 30 } } } }
const PLAN = JSON.stringify({ appid: 'web', env: 'default', clients: CLIENTS })
const NS = 1_700_000_000_000_000_000n

/** The routes alone, with plans that the test holds. */
async function setUp() {
  const harness = setUpPlane()
  const { plane, clock } = harness
  const trafficPlans = new TrafficPlans()
  const waiters = new Waiters(100)
  const app = fastify()
  app.decorateReply('waitedOnPurpose', false)
  await app.register(bilibiliRoutes, {
    instances: plane,
    readiness: new Readiness(),
    waiters,
    clock,
    log: silentLog,
    trafficPlans,
  })
  const get = async (path: string, params: Params) => {
    const query = encoded({ env: 'default', hostname: 'c', status: '1', ...params })
    const { payload } = await app.inject({ url: `/discovery/${path}?${query}` })
    return bodyOf({ text: payload })
  }
  const latest = async () =>
    (await get('fetch', { appid: 'web' })).data['latest_timestamp'] as unknown as bigint
  return {
    ...harness,
    trafficPlans,
    waiters,
    get,
    latest,
    /** Starts a poll for changes after now; it waits when this comes back. */
    async wait() {
      const answer = get('polls', { appid: 'web', latest_timestamp: String(await latest()) })
      for (let left = 100; waiters.count === 0 && left > 0; left -= 1) {
        await new Promise((resolve) => {
          process.nextTick(resolve)
        })
      }
      expect(waiters.count).toBe(1)
      return { answer }
    },
    async [Symbol.asyncDispose]() {
      waiters.drain()
      await app.close()
    },
  }
}

test('a plan comes with the app, in the shape of the original’s code', async () => {
  await using s = await setUp()
  s.register()
  s.trafficPlans.replace(parsePlans(PLAN))
  const { data } = await s.get('fetch', { appid: 'web' })
  expect(data['scheduler']).toEqual({ clients: CLIENTS })
  s.register({ service: 'api' })
  expect((await s.get('fetch', { appid: 'api' })).data).not.toHaveProperty('scheduler')
})

test('a change of plan wakes the pollers of its app and no others', async () => {
  await using s = await setUp()
  s.register()
  s.register({ service: 'api' })
  const { answer } = await s.wait()
  const other = parsePlans(PLAN.replace('web', 'api'))
  s.trafficPlans.replace(other)
  s.trafficPlans.replace([...other, ...parsePlans(PLAN.replace('default', 'prod'))])
  expect(s.waiters.count).toBe(1)
  s.trafficPlans.replace(parsePlans(PLAN))
  const { data } = await answer
  expect(data['web']).toMatchObject({ scheduler: { clients: CLIENTS }, latest_timestamp: NS + 1n })
})

test('plans and instances that change in one millisecond each have a time of their own', async () => {
  await using s = await setUp()
  const times: bigint[] = []
  const steps = [
    () => void s.register(),
    () => void s.trafficPlans.replace(parsePlans(PLAN)),
    () => void s.register({ id: 'b' }),
    () => void s.trafficPlans.replace([]),
    () => void s.register({ id: 'c' }),
  ]
  for (const step of steps) {
    step()
    times.push(await s.latest())
  }
  expect(times).toEqual([NS, NS + 1n, NS + 2n, NS + 3n, NS + 4n])
  s.clock.advanceNow(1)
  s.trafficPlans.replace(parsePlans(PLAN))
  expect(await s.latest()).toBe(NS + 1_000_000n)
})

test('the same plans again are no change', async () => {
  await using s = await setUp()
  s.register()
  expect(s.trafficPlans.replace(parsePlans(PLAN))).toBe(1)
  const before = await s.latest()
  expect(s.trafficPlans.replace(parsePlans(PLAN))).toBe(0)
  expect(await s.latest()).toBe(before)
})

test('a plan for an app that is not there makes none', async () => {
  await using s = await setUp()
  s.trafficPlans.replace(parsePlans(PLAN))
  expect((await s.get('fetch', { appid: 'web' })).code).toBe(-404)
  s.clock.advanceNow(5)
  s.register()
  expect(await s.latest()).toBe(NS + 5_000_000n)
})

test('the time of an app with a plan goes on when its service was forgotten', () => {
  const times = new LatestTimes()
  const key = { env: 'default', service: 'web' }
  const none = { revision: 0, changedAtMs: 0, changedSeq: 0 }
  const one = { revision: 7, changedAtMs: 5, changedSeq: 0 }
  times.raise(key, one, 5)
  const first = times.of(key, one)
  const second = times.of(key, none)
  const third = times.of(key, { ...one, revision: 9 })
  expect([first, second, third]).toEqual([5_000_001n, 5_000_002n, 5_000_003n])
})

describe('a file', () => {
  test('holds one plan or several, by either name of the app', () => {
    const [one] = parsePlans(PLAN)
    expect(one?.key).toEqual({ env: 'default', service: 'web' })
    expect(parsePlans(`[${PLAN.replace('appid', 'app_id')}]`)).toEqual([one])
    expect(parsePlans('[]')).toEqual([])
  })

  test.each([
    ['no JSON', '{'],
    ['no object', '1'],
    ['no appid', '{"env":"default","clients":{}}'],
    ['an appid that is no name', '{"appid":"a b","env":"default","clients":{}}'],
    ['no env', '{"appid":"web","clients":{}}'],
    ['no clients', '{"appid":"web","env":"default"}'],
    ['a zone that is no name', '{"appid":"web","env":"e","clients":{"a b":{"zones":{}}}}'],
    ['no zones', '{"appid":"web","env":"e","clients":{"z":{}}}'],
    ['the documented shape', '{"appid":"web","env":"e","clients":[{"src":"a","dst":{"b":1}}]}'],
    ['a weight below 0', '{"appid":"web","env":"e","clients":{"z":{"zones":{"z":{"weight":-1}}}}}'],
    ['two plans of an app', `[${PLAN},${PLAN}]`],
  ])('with %s is refused', (_what, text) => {
    expect(() => parsePlans(text)).toThrow(Error)
  })
})
