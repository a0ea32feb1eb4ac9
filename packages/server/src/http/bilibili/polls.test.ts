import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { setUpApp, type Answer, type AppHarness, type Call } from '../../testing/index.ts'
import { A, bodyOf, callsOf, encoded, type Body, type Params } from './testing/calls.ts'

const NOT_MODIFIED = '{"code":-304,"message":"-304","ttl":1}'

interface Pending {
  readonly isAnswered: () => boolean
  readonly answered: Promise<Answer>
  readonly body: Promise<Body>
}

type Set = Parameters<typeof setUpApp>[0]

async function setUp(options?: Set) {
  const t = await setUpApp(options)
  const calls = callsOf(t)
  /** Starts a poll and lets it come to rest: answered, or waiting. */
  const begin = async (path: string, params: Params, call?: Call): Promise<Pending> => {
    const query = encoded({ env: 'e', hostname: 'c', ...params })
    const waiting = t.waiters.count
    let isAnswered = false
    const answered = t.ask(`GET /discovery/${path}?${query}`, call).then((answer) => {
      isAnswered = true
      return answer
    })
    const body = answered.then(bodyOf)
    await Promise.race([answered, t.untilWaiting(waiting + 1)])
    return { isAnswered: () => isAnswered, answered, body }
  }
  return {
    t,
    ...calls,
    begin,
    polls: (apps: Params[string], since: Params[string], more: Params = {}) =>
      begin('polls', { appid: apps, latest_timestamp: since, ...more }),
    register: (params: Params = {}) => calls.post('register', { ...A, ...params }),
    cancel: (params: Params = {}) => calls.post('cancel', { ...A, ...params }),
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}

function latestOf(body: Body, app = 'a'): bigint {
  return (body.data as Record<string, { latest_timestamp: bigint }>)[app]?.latest_timestamp ?? -1n
}

function hostsOf(body: Body, app = 'a'): unknown {
  const { instances } = (body.data as Record<string, { instances: Zones }>)[app] ?? {
    instances: {},
  }
  return Object.fromEntries(
    Object.entries(instances).map(([zone, all]) => [zone, all.map(({ hostname }) => hostname)]),
  )
}

type Zones = Readonly<Record<string, readonly { hostname: string }[]>>

async function deliver({ clock }: Pick<AppHarness, 'clock'>): Promise<void> {
  await clock.advance(0)
}

test('the vectors: at once with what there is, -304 after 30 s for the same time digit for digit', async () => {
  await using s = await setUp()
  await s.register()
  const first = await s.polls(['a', 'b'], ['0', '0'])
  const { text } = await first.answered
  const [, digits = ''] = /"latest_timestamp":(\d+)}},"error"/.exec(text) ?? []
  expect(digits).toBe('1700000000000000000')
  expect(text.replace(/\[\{.*\}\]/, '[{...}]')).toBe(
    `{"code":0,"data":{"a":{"instances":{"z":[{...}]},"latest_timestamp":${digits}}},"error":{"-404":["b"]},"message":"0"}`,
  )
  const again = await s.polls(['a', 'b'], [digits, '0'])
  await s.t.clock.advance(29_999)
  expect([again.isAnswered(), s.t.waiters.count]).toEqual([false, 1])
  await s.t.clock.advance(1)
  const answer = await again.answered
  expect([answer.status, answer.text]).toEqual([200, NOT_MODIFIED])
  expect(answer.headers['kratos-status-code']).toBe('-304')
  expect(s.t.waiters.count).toBe(0)
})

test('says null where no app is missing', async () => {
  await using s = await setUp()
  await s.register()
  const { answered } = await s.polls('a', '0')
  expect((await answered).text).toContain('},"error":{"-404":null},"message":"0"}')
})

describe('several apps', () => {
  test('wake on the second, with nothing but what changed', async () => {
    await using s = await setUp()
    await s.register()
    await s.register({ appid: 'b' })
    const { body } = await s.polls(['a', 'b'], ['0', '0'])
    const times = [latestOf(await body), latestOf(await body, 'b')].map(String)
    const waiting = await s.polls('a,b', times.join(','))
    await s.t.clock.advance(10)
    await s.register({ appid: 'b', hostname: 'i' })
    await deliver(s.t)
    const woken = await waiting.body
    expect(Object.keys(woken.data)).toEqual(['b'])
    expect(hostsOf(woken, 'b')).toEqual({ z: ['h', 'i'] })
    expect(latestOf(woken, 'b')).toBe(1_700_000_000_010_000_000n)
  })

  test('wake on one that nobody knew', async () => {
    await using s = await setUp()
    await s.register()
    const { body } = await s.polls('a', '0')
    const waiting = await s.polls(['a', 'b'], [String(latestOf(await body)), '0'])
    expect(waiting.isAnswered()).toBe(false)
    await s.register({ appid: 'b' })
    await deliver(s.t)
    expect(await waiting.body).toMatchObject({ data: { b: {} }, error: { '-404': null } })
  })

  test('answer with all of them that changed together', async () => {
    await using s = await setUp()
    await s.register()
    await s.register({ appid: 'b' })
    const { body } = await s.polls(['a', 'b'], ['0', '0'])
    const times = [latestOf(await body), latestOf(await body, 'b')].map(String)
    const waiting = await s.polls(['a', 'b'], times)
    s.t.register({ env: 'e', zone: 'z', service: 'a', id: 'i' })
    s.t.register({ env: 'e', zone: 'z', service: 'b', id: 'i' })
    await deliver(s.t)
    expect(Object.keys((await waiting.body).data)).toEqual(['a', 'b'])
  })
})

test('two changes in one millisecond have two times, and neither is lost', async () => {
  await using s = await setUp()
  await s.register()
  const times: bigint[] = [latestOf(await (await s.polls('a', '0')).body)]
  for (const hostname of ['i', 'j']) {
    const waiting = await s.polls('a', String(times.at(-1)))
    expect(waiting.isAnswered()).toBe(false)
    await s.register({ hostname })
    await s.t.clock.advance(0)
    s.t.plane.flush({ env: 'e', service: 'a' })
    const body = await waiting.body
    expect(JSON.stringify(hostsOf(body))).toContain(`"${hostname}"]`)
    times.push(latestOf(body))
  }
  const ns = 1_700_000_000_000_000_000n
  expect(times).toEqual([ns, ns + 1n, ns + 2n])
})

test('a change between two polls is found by the second at once', async () => {
  await using s = await setUp()
  await s.register()
  const since = latestOf(await (await s.polls('a', '0')).body)
  await s.register({ hostname: 'i' })
  const { body } = await s.polls('a', String(since))
  expect(hostsOf(await body)).toEqual({ z: ['h', 'i'] })
})

test('a time that we never gave out does not keep the next change from its reader', async () => {
  await using s = await setUp()
  await s.register()
  const waiting = await s.polls('a', '9223372036854775807')
  expect(waiting.isAnswered()).toBe(false)
  await s.register({ hostname: 'i' })
  await deliver(s.t)
  expect(hostsOf(await waiting.body)).toEqual({ z: ['h', 'i'] })
})

test('a renewal wakes nobody', async () => {
  await using s = await setUp()
  await s.register()
  const since = latestOf(await (await s.polls('a', '0')).body)
  const waiting = await s.polls('a', String(since))
  await s.post('renew', A)
  await s.register()
  await s.t.clock.advance(29_000)
  expect(waiting.isAnswered()).toBe(false)
})

describe('an app that became empty', () => {
  /** An instance that waits keeps the app known. */
  async function setUpEmpty() {
    const s = await setUp()
    await s.register()
    await s.register({ hostname: 'w', status: '2' })
    const since = String(latestOf(await (await s.polls('a', '0')).body))
    return { ...s, since }
  }

  test('is told at once, and three polls with the old time after that make no loop', async () => {
    await using s = await setUpEmpty()
    const waiting = await s.polls('a', s.since)
    await s.cancel()
    await deliver(s.t)
    const empty = await waiting.body
    expect(hostsOf(empty)).toEqual({ z: [] })
    expect(latestOf(empty)).toBeGreaterThan(BigInt(s.since))
    for (const _ of [1, 2, 3]) {
      const held = await s.polls('a', s.since)
      await s.t.clock.advance(29_999)
      expect(held.isAnswered()).toBe(false)
      await s.t.clock.advance(1)
      expect((await held.answered).text).toBe(NOT_MODIFIED)
      await s.register({ hostname: 'w', status: '2' })
    }
  })

  test('is told once to a poll that comes after it', async () => {
    await using s = await setUpEmpty()
    await s.cancel()
    const first = await s.polls('a', s.since)
    expect(hostsOf(await first.body)).toEqual({ z: [] })
    const second = await s.polls('a', s.since)
    expect(second.isAnswered()).toBe(false)
  })

  test('is told to each client, however they call themselves', async () => {
    await using s = await setUpEmpty()
    await s.cancel()
    for (const more of [{}, { hostname: 'other' }, { zone: 'z' }]) {
      const { body } = await s.polls('a', s.since, more)
      expect((await body).code).toBe(0)
    }
  })

  test('wakes who waits as soon as it has an instance again', async () => {
    await using s = await setUpEmpty()
    await s.cancel()
    await (
      await s.polls('a', s.since)
    ).body
    const held = await s.polls('a', s.since)
    await s.register({ hostname: 'back' })
    await deliver(s.t)
    expect(hostsOf(await held.body)).toEqual({ z: ['back'] })
  })

  test('does not keep another app waiting, and comes along with it', async () => {
    await using s = await setUpEmpty()
    await s.register({ appid: 'b' })
    await s.cancel()
    await (
      await s.polls('a', s.since)
    ).body
    const { body } = await s.polls(['a', 'b'], [s.since, '0'])
    expect(Object.keys((await body).data)).toEqual(['a', 'b'])
  })

  test('of which nothing is left is told once to who had something, and is missing to others', async () => {
    await using s = await setUp()
    await s.register()
    const since = String(latestOf(await (await s.polls('a', '0')).body))
    const waiting = await s.polls('a', since)
    await s.cancel()
    await deliver(s.t)
    expect(await waiting.body).toMatchObject({ code: 0, data: { a: { instances: {} } } })
    expect((await s.polls('a', since)).isAnswered()).toBe(false)
    const stranger = await s.polls('a', '0', { hostname: 'stranger' })
    expect(stranger.isAnswered()).toBe(false)
  })
})

describe('poll', () => {
  test('answers one app in the plain envelope', async () => {
    await using s = await setUp()
    await s.register()
    const { answered } = await s.begin('poll', { appid: 'a' })
    expect((await answered).text).toMatch(
      /^\{"code":0,"message":"0","ttl":1,"data":\{"instances":\{"z":\[\{.*\}\]\},"latest_timestamp":1700000000000000000\}\}$/,
    )
  })

  test('says at once which app there is none of', async () => {
    await using s = await setUp()
    const { answered } = await s.begin('poll', { appid: 'b' })
    const { status, text } = await answered
    expect([status, text]).toEqual([200, '{"code":-404,"message":"b not found"}'])
  })

  test('waits, and says what became of the app', async () => {
    await using s = await setUp()
    await s.register()
    const since = latestOf(await (await s.polls('a', '0')).body)
    const timesOut = await s.begin('poll', { appid: 'a', latest_timestamp: String(since) })
    await s.t.clock.advance(30_000)
    expect((await timesOut.answered).text).toBe(NOT_MODIFIED)
    const waiting = await s.begin('poll', { appid: 'a', latest_timestamp: String(since) })
    await s.cancel()
    await deliver(s.t)
    expect((await waiting.body).code).toBe(-404)
  })
})

describe('what is refused', () => {
  test.each<[string, string, Params]>([
    ['polls with too few times', 'polls', { appid: ['a', 'b'], latest_timestamp: '0' }],
    ['polls without a time', 'polls', { appid: 'a' }],
    ['polls without an app', 'polls', { latest_timestamp: '0' }],
    ['a time that is none', 'polls', { appid: 'a', latest_timestamp: '-1' }],
    ['no hostname', 'polls', { appid: 'a', latest_timestamp: '0', hostname: '' }],
    ['no env', 'polls', { appid: 'a', latest_timestamp: '0', env: '' }],
    ['a zone outside our grammar', 'polls', { appid: 'a', latest_timestamp: '0', zone: 'a b' }],
    ['poll without an app', 'poll', {}],
    ['poll without a hostname', 'poll', { appid: 'a', hostname: '' }],
  ])('%s', async (_what, path, params) => {
    await using s = await setUp()
    const { answered } = await s.begin(path, params)
    expect((await answered).text).toBe('{"code":-400,"message":"-400","ttl":1}')
  })

  test('one waiter too many: -503, and the client goes elsewhere', async () => {
    await using s = await setUp({ limits: { watchersMax: 1 } })
    await s.polls('a', '0')
    const { answered } = await s.polls('a', '0')
    const { status, text } = await answered
    expect([status, text]).toEqual([200, '{"code":-503,"message":"-503","ttl":1}'])
  })

  test('more apps than one watcher may watch: -509', async () => {
    await using s = await setUp()
    const { body } = await s.polls(
      Array(257).fill('a') as string[],
      Array(257).fill('0') as string[],
    )
    expect((await body).code).toBe(-509)
  })
})

describe('leaves nothing behind', () => {
  test('when the node stops: -503 to all', async () => {
    await using s = await setUp()
    const waiting = [await s.polls('a', '0'), await s.polls('b', '0')]
    s.t.waiters.drain()
    for (const { body } of waiting) expect((await body).code).toBe(-503)
    expect(s.t.waiters.count).toBe(0)
  })

  test('when its client has gone', async () => {
    await using s = await setUp()
    const { port } = await s.t.listen()
    const path = `/discovery/polls?${encoded({ env: 'e', hostname: 'c', appid: 'a', latest_timestamp: '0' })}`
    const client = request({ port, host: '127.0.0.1', path })
    client.on('error', () => {}).end()
    await s.t.untilWaiting(1)
    client.destroy()
    await s.t.untilWaiting(0)
    await s.register()
    await deliver(s.t)
  })

  test('and is counted but not timed', async () => {
    await using s = await setUp()
    const waiting = await s.polls('a', '0')
    await s.t.clock.advance(30_000)
    await waiting.answered
    const text = await s.t.metrics.text()
    const route = 'route="/discovery/polls"'
    expect(text).toContain(`rollcall_http_requests_total{method="GET",${route},status="200"} 1`)
    expect(text).not.toContain(
      `rollcall_http_request_duration_seconds_count{method="GET",${route}}`,
    )
  })
})
