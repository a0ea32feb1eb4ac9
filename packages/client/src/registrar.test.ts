import { expect, test } from 'vitest'
import type { HeartbeatItem, RegisterBody } from '@rollcall/protocol'
import { start } from '@rollcall/runtime'
import { FakeClock, until } from '@rollcall/runtime/testing'
import { Registrar, RollcallClient, type Registration } from './index.ts'
import {
  FarSide,
  deadPort,
  instanceOf,
  json,
  pathOf,
  problem,
  type Script,
  type Seen,
} from './testing/far-side.ts'

const SESSION = 1_700_000_000_000
// Fake time runs ahead of the sockets; no request shall time out for that.
const PATIENT_MS = 3_600_000
const PATH = '/registry/v1/services/orders/instances/'
const HEARTBEATS = '/registry/v1/heartbeats'

/** Answers as a healthy node in env prod and zone z1 would. */
const healthy: Script = (seen, response) => {
  const { method, body } = seen
  if (method === 'DELETE') response.writeHead(204).end()
  else if (pathOf(seen) === HEARTBEATS) {
    json(response, 200, { renewed: itemsOf(seen).length, missing: [], superseded: [] })
  } else {
    const { ttlMs = 90_000 } = body as RegisterBody
    json(response, 201, instanceOf({ id: pathOf(seen).slice(PATH.length), ttlMs }))
  }
}

const itemsOf = (seen: Seen | undefined) =>
  (seen?.body as { instances: HeartbeatItem[] } | undefined)?.instances ?? []
const sessionOf = (seen: Seen | undefined) => (seen?.body as RegisterBody | undefined)?.session

function registrationOf(id: string, body: Partial<Registration['body']> = {}): Registration {
  return { service: 'orders', id, body: { addresses: ['http://h:80'], ...body } }
}

async function setUp(script: Script = healthy) {
  const far = await FarSide.open(script)
  const clock = new FakeClock(SESSION)
  const client = new RollcallClient({ servers: [far.url], clock, timeoutMs: PATIENT_MS })
  const registered: string[] = []
  const lost: string[] = []
  const registrar = new Registrar({
    client,
    clock,
    random: () => 0,
    onRegistered: ({ id, body }) => registered.push(`${id} ${body.version ?? ''}`.trim()),
    onLost: ({ id }, { code }) => lost.push(`${id} ${code}`),
  })
  const running = start(registrar)
  running.ended.catch(() => {})
  return {
    far,
    clock,
    registrar,
    running,
    registered,
    lost,
    puts: (id: string) => far.asked('PUT', PATH + id),
    cancels: (id: string) => far.asked('DELETE', PATH + id),
    renewals: () => far.asked('POST', HEARTBEATS),
    /** Waits in real time; moves fake time on by `stepMs` each time that it does not hold. */
    until: (what: string, holds: () => boolean, stepMs = 0) =>
      until(
        what,
        async () => {
          if (holds()) return true
          if (stepMs > 0) await clock.advance(stepMs)
          return undefined
        },
        { withinMs: 5_000 },
      ),
    async [Symbol.asyncDispose]() {
      await client.close()
      await running[Symbol.asyncDispose]()
      await far[Symbol.asyncDispose]()
    },
  }
}

test('registers each in the session of the process and renews all in one request at a third of the smallest ttl', async () => {
  await using s = await setUp()
  s.registrar.put(registrationOf('a', { ttlMs: 90_000 }))
  s.registrar.put(registrationOf('b', { ttlMs: 30_000 }))
  await s.registrar.settled()
  expect(s.registered.sort()).toEqual(['a', 'b'])
  expect(sessionOf(s.puts('a')[0])).toBe(SESSION)

  await s.clock.advance(9_999)
  expect(s.renewals()).toHaveLength(0)
  await s.clock.advance(1)
  await s.until('the renewal', () => s.renewals().length === 1)
  const [renewal] = s.renewals()
  const known = { service: 'orders', env: 'prod', zone: 'z1', session: SESSION, content: 7 }
  expect(itemsOf(renewal)).toEqual([
    { ...known, id: 'a' },
    { ...known, id: 'b' },
  ])

  await s.until('the next renewal', () => s.renewals().length === 2, 5_000)
  expect(s.far.seen).toHaveLength(4)
})

test('jitter only makes renewals earlier', async () => {
  await using far = await FarSide.open(healthy)
  const clock = new FakeClock(SESSION)
  await using client = new RollcallClient({ servers: [far.url], clock, timeoutMs: PATIENT_MS })
  const registrar = new Registrar({ client, clock, random: () => 0.999 })
  await using _ = start(registrar)
  registrar.put(registrationOf('a', { ttlMs: 30_000 }))
  await registrar.settled()

  await clock.advance(7_900)
  expect(far.asked('POST', HEARTBEATS)).toHaveLength(0)
  await clock.advance(200)
  await until('the renewal', () => far.asked('POST', HEARTBEATS)[0], { withinMs: 5_000 })
})

test('registers again what a renewal calls missing, in the same session', async () => {
  await using s = await setUp((seen, response) => {
    if (pathOf(seen) !== HEARTBEATS || s.renewals().length > 1) healthy(seen, response)
    else {
      const missing = [{ service: 'orders', env: 'prod', zone: 'z1', id: 'b' }]
      json(response, 200, { renewed: 1, missing, superseded: [] })
    }
  })
  s.registrar.put(registrationOf('a'))
  s.registrar.put(registrationOf('b'))
  await s.registrar.settled()

  await s.clock.advance(30_000)
  await s.until('b again', () => s.puts('b').length === 2)
  expect(s.puts('a')).toHaveLength(1)
  expect(sessionOf(s.puts('b')[1])).toBe(SESSION)
  // Where it was, whichever node is asked now.
  expect(s.puts('b')[1]?.target).toBe(`${PATH}b?env=prod&zone=z1`)
  await s.until('two renewals', () => s.renewals().length === 2, 5_000)
})

test('drops and reports what a renewal calls superseded, and renews the rest', async () => {
  await using s = await setUp((seen, response) => {
    if (pathOf(seen) !== HEARTBEATS) healthy(seen, response)
    else {
      const superseded = [{ service: 'orders', env: 'prod', zone: 'z1', id: 'b' }]
      json(response, 200, { renewed: 1, missing: [], superseded })
    }
  })
  s.registrar.put(registrationOf('a'))
  s.registrar.put(registrationOf('b'))
  await s.registrar.settled()

  await s.clock.advance(30_000)
  await s.until('the report', () => s.lost.length === 1)
  expect(s.lost).toEqual(['b superseded'])
  await s.until('the next renewal', () => s.renewals().length === 2, 5_000)
  expect(itemsOf(s.renewals()[1]).map(({ id }) => id)).toEqual(['a'])
})

test('answers 409 at the first register once with a greater session, and keeps it', async () => {
  await using s = await setUp((seen, response) => {
    if (seen.method === 'PUT' && sessionOf(seen) === SESSION) {
      problem(response, 409, { code: 'superseded', details: { session: SESSION + 40 } })
    } else healthy(seen, response)
  })
  s.registrar.put(registrationOf('a'))
  await s.registrar.settled()

  expect(s.puts('a').map(sessionOf)).toEqual([SESSION, SESSION + 41])
  await s.until('the renewal', () => s.renewals().length === 1, 5_000)
  expect(itemsOf(s.renewals()[0])[0]?.session).toBe(SESSION + 41)
  expect(s.lost).toEqual([])
})

test('gives up when the greater session is superseded too', async () => {
  await using s = await setUp((_, response) => {
    problem(response, 409, { code: 'superseded', details: { session: SESSION + 40 } })
  })
  s.registrar.put(registrationOf('a'))
  await s.registrar.settled()

  expect(s.puts('a').map(sessionOf)).toEqual([SESSION, SESSION + 41])
  expect(s.lost).toEqual(['a superseded'])
})

test('answers 409 at a later register by dropping and reporting it', async () => {
  await using s = await setUp()
  s.registrar.put(registrationOf('a', { version: '1' }))
  await s.registrar.settled()
  s.far.script = (_, response) => {
    problem(response, 409, { code: 'superseded', details: { session: SESSION + 40 } })
  }
  s.registrar.put(registrationOf('a', { version: '2' }))
  await s.registrar.settled()

  expect(s.lost).toEqual(['a superseded'])
  expect(s.puts('a')).toHaveLength(2)
  await s.clock.advance(60_000)
  expect(s.renewals()).toHaveLength(0)
})

test('registers changed content at once, and the same content not again', async () => {
  await using s = await setUp()
  s.registrar.put(registrationOf('a', { version: '1' }))
  await s.registrar.settled()
  s.registrar.put(registrationOf('a', { version: '1' }))
  await s.registrar.settled()
  s.registrar.put(registrationOf('a', { version: '2' }))
  await s.registrar.settled()

  expect(s.registered).toEqual(['a 1', 'a 2'])
  expect(s.puts('a').map(sessionOf)).toEqual([SESSION, SESSION])
})

test('cancels what is removed; put again, it comes back in a greater session', async () => {
  await using s = await setUp()
  s.registrar.put(registrationOf('a'))
  await s.registrar.settled()
  // It has nothing to do now but to wait for the next renewal.
  await s.clock.advance(1_000)
  s.registrar.remove({ service: 'orders', id: 'a' })
  await s.registrar.settled()
  expect(s.cancels('a').map(({ target }) => target)).toEqual([
    `${PATH}a?env=prod&zone=z1&session=${SESSION}`,
  ])

  s.registrar.put(registrationOf('a'))
  await s.registrar.settled()
  expect(s.puts('a').map(sessionOf)).toEqual([SESSION, SESSION + 1])
})

test('a cancel of what is gone already is done', async () => {
  await using s = await setUp()
  s.registrar.put(registrationOf('a'))
  await s.registrar.settled()
  s.far.script = (_, response) => problem(response, 404, { code: 'instance_not_found' })
  s.registrar.remove({ service: 'orders', id: 'a' })
  await s.registrar.settled()
  expect(s.cancels('a')).toHaveLength(1)
})

test('cancels everything when it is stopped', async () => {
  await using s = await setUp()
  s.registrar.put(registrationOf('a'))
  s.registrar.put(registrationOf('b'))
  await s.registrar.settled()

  await s.running[Symbol.asyncDispose]()
  expect([...s.cancels('a'), ...s.cancels('b')]).toHaveLength(2)
})

test('cancels a register that was under way when it was stopped', async () => {
  let answer = () => {}
  await using s = await setUp((seen, response) => {
    if (seen.method !== 'PUT') healthy(seen, response)
    else {
      answer = () => {
        healthy(seen, response)
      }
    }
  })
  s.registrar.put(registrationOf('a'))
  await s.until('the register', () => s.puts('a').length === 1)

  const stopped = s.running[Symbol.asyncDispose]()
  answer()
  await stopped
  expect(s.cancels('a')).toHaveLength(1)
})

test('says farewell for 3 s at most', async () => {
  await using s = await setUp()
  s.registrar.put(registrationOf('a'))
  await s.registrar.settled()
  s.far.script = () => {}
  let stopped = false

  const stop = s.running[Symbol.asyncDispose]().then(() => {
    stopped = true
  })
  await s.until('the cancel', () => s.cancels('a').length === 1)
  await s.clock.advance(2_999)
  expect(stopped).toBe(false)
  await s.clock.advance(1)
  await stop
})

test('tries for ever while no server answers, and registers once one does', async () => {
  const port = await deadPort()
  const clock = new FakeClock(SESSION)
  await using client = new RollcallClient({ servers: [`http://127.0.0.1:${port}`], clock })
  const registrar = new Registrar({ client, clock })
  await using _ = start(registrar)
  registrar.put(registrationOf('a'))
  let settled = false
  const settling = registrar.settled().then(() => {
    settled = true
  })
  for (let round = 0; round < 20; round += 1) await clock.advance(5_000)
  expect(settled).toBe(false)

  await using far = await FarSide.open(healthy, port)
  await until(
    'it is registered',
    async () => {
      await clock.advance(500)
      return settled || undefined
    },
    { withinMs: 5_000 },
  )
  await settling
  expect(far.asked('PUT', `${PATH}a`)).toHaveLength(1)
})

test('a server that is away for a while gets the renewal as soon as it is back', async () => {
  await using s = await setUp()
  s.registrar.put(registrationOf('a'))
  await s.registrar.settled()
  s.far.script = (_, response) => problem(response, 503, { code: 'not_ready' })
  await s.until('three tries', () => s.renewals().length === 3, 5_000)

  s.far.script = healthy
  await s.until('the fourth', () => s.renewals().length === 4, 5_000)
  const before = s.clock.monotonicMs()
  await s.until('the fifth', () => s.renewals().length === 5, 5_000)
  expect(s.clock.monotonicMs() - before).toBeGreaterThanOrEqual(30_000 - 5_000)
})

test('what is refused for its content is dropped and reported; the others go on', async () => {
  await using s = await setUp((seen, response) => {
    if (pathOf(seen) === `${PATH}bad`) problem(response, 400, { code: 'invalid_argument' })
    else healthy(seen, response)
  })
  s.registrar.put(registrationOf('bad'))
  s.registrar.put(registrationOf('good'))
  await s.registrar.settled()
  expect(s.lost).toEqual(['bad invalid_argument'])
  expect(s.registered).toEqual(['good'])
})

test('one that the server fails on does not hold up the others, and is tried again', async () => {
  let failing = true
  await using s = await setUp((seen, response) => {
    if (failing && pathOf(seen) === `${PATH}bad`) problem(response, 500, { code: 'internal' })
    else healthy(seen, response)
  })
  s.registrar.put(registrationOf('bad'))
  s.registrar.put(registrationOf('good'))
  await s.until('the good one', () => s.registered.includes('good'))
  failing = false
  await s.until('the bad one', () => s.registered.includes('bad'), 1_000)
  expect(s.puts('bad')).toHaveLength(2)
})

test('what is put and removed before it was sent never goes out, and is settled', async () => {
  await using s = await setUp((_, response) => problem(response, 503, { code: 'not_ready' }))
  s.registrar.put(registrationOf('first'))
  await s.until('a try', () => s.puts('first').length === 1)
  s.far.script = healthy
  s.registrar.put(registrationOf('a'))
  s.registrar.remove({ service: 'orders', id: 'a' })
  const settled = s.registrar.settled()
  await s.until('the first', () => s.registered.length === 1, 500)
  await settled
  expect(s.puts('a')).toHaveLength(0)
})

test('what is not confirmed when it stops is not settled', async () => {
  await using s = await setUp((_, response) => problem(response, 503, { code: 'not_ready' }))
  s.registrar.put(registrationOf('a'))
  const settled = s.registrar.settled()
  settled.catch(() => {})
  await s.until('a try', () => s.puts('a').length === 1)
  await s.running[Symbol.asyncDispose]()
  await expect(settled).rejects.toMatchObject({ code: 'unavailable' })
})

test('registers thousands, sixteen at a time', async () => {
  const held: (() => void)[] = []
  await using s = await setUp((seen, response) => {
    held.push(() => {
      healthy(seen, response)
    })
  })
  for (let id = 0; id < 1_000; id += 1) s.registrar.put(registrationOf(`i${id}`))
  await s.until('sixteen are under way', () => held.length >= 16)
  await s.clock.advance(1_000)
  expect(held).toHaveLength(16)

  s.far.script = healthy
  for (const answer of held) answer()
  await s.registrar.settled()
  expect(s.registered).toHaveLength(1_000)
})

test('a bug in a callback ends the run with it', async () => {
  await using far = await FarSide.open(healthy)
  await using client = new RollcallClient({ servers: [far.url] })
  const bug = new TypeError('a bug')
  const registrar = new Registrar({
    client,
    onRegistered: () => {
      throw bug
    },
  })
  registrar.put(registrationOf('a'))
  await expect(registrar.run(new AbortController().signal)).rejects.toBe(bug)
})
