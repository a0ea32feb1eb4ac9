import { expect, test } from 'vitest'
import { RegistryError } from '@rollcall/protocol'
import { FakeClock, until } from '@rollcall/runtime/testing'
import { RollcallClient } from './index.ts'
import { FarSide, deadPort, instanceOf, json, problem, type Script } from './testing/far-side.ts'

const at = { service: 'orders', id: 'a' }
const fine: Script = (_, response) => json(response, 200, instanceOf())
const hung: Script = () => {}

function setUp(...servers: readonly (FarSide | string)[]) {
  const clock = new FakeClock()
  const urls = servers.map((server) => (typeof server === 'string' ? server : server.url))
  return { clock, client: new RollcallClient({ servers: urls, clock, timeoutMs: 1_000 }) }
}

test('goes to the next server when one is dead, and stays there', async () => {
  await using first = await FarSide.open(fine)
  await using second = await FarSide.open(fine)
  const { client } = setUp(first, second)
  await using _ = client
  await client.instance(at)
  await first[Symbol.asyncDispose]()

  await client.instance(at)
  expect(second.seen).toHaveLength(1)

  await using again = await FarSide.open(fine, first.port)
  await client.instance(at)
  expect(again.seen).toHaveLength(0)
  expect(second.seen).toHaveLength(2)
})

test.each(['not_ready', 'shutting_down', 'unavailable'])(
  'goes to the next server when one is %s',
  async (code) => {
    await using first = await FarSide.open((_, response) => problem(response, 503, { code }))
    await using second = await FarSide.open(fine)
    const { client } = setUp(first, second)
    await using _ = client

    expect(await client.instance(at)).toEqual(instanceOf())
    await client.instance(at)
    expect(first.seen).toHaveLength(1)
  },
)

test('asks no other server when one refused', async () => {
  await using first = await FarSide.open((_, response) => {
    problem(response, 404, { code: 'instance_not_found' })
  })
  await using second = await FarSide.open(fine)
  const { client } = setUp(first, second)
  await using _ = client

  await expect(client.instance(at)).rejects.toMatchObject({ code: 'instance_not_found' })
  expect(second.seen).toHaveLength(0)
})

test('goes to the next server when one does not answer in time', async () => {
  await using first = await FarSide.open(hung)
  await using second = await FarSide.open(fine)
  const { client, clock } = setUp(first, second)
  await using _ = client

  const answer = client.instance(at)
  await until('the first is asked', () => first.seen[0], { withinMs: 5_000 })
  await clock.advance(999)
  expect(second.seen).toHaveLength(0)
  await clock.advance(1)
  expect(await answer).toEqual(instanceOf())
})

test('goes to the next server when one breaks off in the middle of its answer', async () => {
  await using first = await FarSide.open((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{"a":', () => {
      response.destroy()
    })
  })
  await using second = await FarSide.open(fine)
  const { client } = setUp(first, second)
  await using _ = client

  expect(await client.instance(at)).toEqual(instanceOf())
})

test('a long poll may take its wait on top of the timeout', async () => {
  await using far = await FarSide.open(hung)
  const { client, clock } = setUp(far)
  await using _ = client
  let ended = false

  const poll = client.service('orders', { waitMs: 60_000 }).finally(() => {
    ended = true
  })
  poll.catch(() => {})
  await until('it is asked', () => far.seen[0], { withinMs: 5_000 })
  await clock.advance(60_999)
  expect(ended).toBe(false)
  await clock.advance(1)
  await expect(poll).rejects.toMatchObject({ code: 'unavailable' })
})

test('names every server that it tried, and why each failed', async () => {
  const dead = `http://127.0.0.1:${await deadPort()}`
  await using unready = await FarSide.open((_, response) => {
    problem(response, 503, { code: 'not_ready' })
  })
  const { client } = setUp(dead, unready)
  await using _ = client

  await expect(client.instance(at)).rejects.toMatchObject({
    code: 'unavailable',
    message: `No registry server answered; tried ${dead} (ECONNREFUSED), ${unready.url} (not_ready).`,
    details: { servers: [dead, unready.url] },
    cause: expect.any(AggregateError),
  })
})

test('the only server that is there may say in its own words why not', async () => {
  await using far = await FarSide.open((_, response) => {
    problem(response, 503, { code: 'not_ready', details: { reason: 'boot' } })
  })
  const { client } = setUp(far)
  await using _ = client

  await expect(client.instance(at)).rejects.toMatchObject({
    code: 'not_ready',
    details: { reason: 'boot' },
  })
})

test('an abort by the caller asks no other server', async () => {
  await using first = await FarSide.open(hung)
  await using second = await FarSide.open(fine)
  const { client } = setUp(first, second)
  await using _ = client
  const stopping = new AbortController()
  // Even one that would send an answer of a server on to the next.
  const reason = new RegistryError('unavailable', 'enough')

  const poll = client.service('orders', { signal: stopping.signal })
  poll.catch(() => {})
  await until('it is asked', () => first.seen[0], { withinMs: 5_000 })
  stopping.abort(reason)

  await expect(poll).rejects.toBe(reason)
  expect(second.seen).toHaveLength(0)
})

test('closing breaks off what waits, and refuses what comes after', async () => {
  await using far = await FarSide.open(hung)
  const { client } = setUp(far)

  const poll = client.service('orders', { waitMs: 60_000 })
  poll.catch(() => {})
  await until('it is asked', () => far.seen[0], { withinMs: 5_000 })
  await client.close()
  await client.close()

  await expect(poll).rejects.toMatchObject({ code: 'unavailable', message: /closed/ })
  await expect(client.instance(at)).rejects.toMatchObject({ code: 'unavailable' })
})

test('a server may live below a path', async () => {
  await using far = await FarSide.open(fine)
  const { client } = setUp(`${far.url}/registry-of-all/`)
  await using _ = client

  await client.instance(at)
  expect(far.seen[0]?.target).toBe('/registry-of-all/registry/v1/services/orders/instances/a')
})
