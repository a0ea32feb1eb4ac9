import { expect, test } from 'vitest'
import { RollcallClient, type ClientOptions } from './index.ts'
import { FarSide, instanceOf, json, problem, queryOf, type Script } from './testing/far-side.ts'

async function setUp(script: Script, options: ClientOptions = {}) {
  const far = await FarSide.open(script)
  const client = new RollcallClient({ servers: [far.url], ...options })
  return {
    far,
    client,
    async [Symbol.asyncDispose]() {
      await client.close()
      await far[Symbol.asyncDispose]()
    },
  }
}

const at = { service: 'a/b', id: 'h:80/x', env: 'prod', zone: 'z1' }

test('registers with encoded names, a session, a token, and says whether it is new', async () => {
  await using s = await setUp(
    (_, response) => {
      json(response, s.far.seen.length === 1 ? 201 : 200, instanceOf())
    },
    { token: 'secret' },
  )
  const body = { addresses: ['http://h:80'], session: 1_700_000_000_000 }

  expect(await s.client.register(at, body)).toEqual({ created: true, instance: instanceOf() })
  expect(await s.client.register(at, body)).toMatchObject({ created: false })

  expect(s.far.seen[0]).toMatchObject({
    method: 'PUT',
    target: '/registry/v1/services/a%2Fb/instances/h%3A80%2Fx?env=prod&zone=z1',
    headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
    body,
  })
})

test('renews with evidence and answers the home', async () => {
  await using s = await setUp((_, response) => {
    response.writeHead(204, { 'X-Rollcall-Home': 'n2' }).end()
  })

  expect(await s.client.renew(at, { session: 5, content: 7 })).toEqual({ home: 'n2' })

  const [seen] = s.far.seen
  expect(seen?.target.split('?')[0]).toBe(
    '/registry/v1/services/a%2Fb/instances/h%3A80%2Fx/heartbeat',
  )
  expect(seen && queryOf(seen)).toEqual({ env: 'prod', zone: 'z1', session: '5', content: '7' })
  expect(seen?.headers['content-type']).toBeUndefined()
})

test('puts its own env and zone where a call names none', async () => {
  const answer = { renewed: 2, missing: [], superseded: [] }
  await using s = await setUp((_, response) => json(response, 200, answer), {
    env: 'test',
    zone: 'z9',
  })

  expect(
    await s.client.renewMany([
      { service: 'a', id: '1' },
      { service: 'a', id: '2', zone: 'z1' },
    ]),
  ).toEqual(answer)
  await s.client.instance({ service: 'a', id: '1' })

  expect(s.far.seen[0]?.body).toEqual({
    instances: [
      { service: 'a', id: '1', env: 'test', zone: 'z9' },
      { service: 'a', id: '2', env: 'test', zone: 'z1' },
    ],
  })
  expect(s.far.seen[1]?.target).toBe('/registry/v1/services/a/instances/1?env=test&zone=z9')
})

test('patches, cancels, explains and protects', async () => {
  await using s = await setUp(({ method }, response) => {
    if (method === 'DELETE') response.writeHead(204).end()
    else json(response, 200, { verdict: 'visible', protected: null, forbidden: true })
  })

  await s.client.patch({ service: 'a', id: '1' }, { statusOverride: null })
  await s.client.cancel({ service: 'a', id: '1' }, { session: 9 })
  await s.client.explain({ service: 'a', id: '1', zone: 'z2' })
  await s.client.protect('a', 'forbid', { env: 'prod' })

  expect(s.far.seen.map(({ method, target, body }) => [method, target, body])).toEqual([
    ['PATCH', '/registry/v1/services/a/instances/1', { statusOverride: null }],
    ['DELETE', '/registry/v1/services/a/instances/1?session=9', undefined],
    ['GET', '/registry/v1/explain?service=a&id=1&zone=z2', undefined],
    ['POST', '/registry/v1/services/a/protection?env=prod', { action: 'forbid' }],
  ])
})

test('reads a service by filters and waits for news; 304 is undefined', async () => {
  await using s = await setUp((_, response) => {
    response.writeHead(304, { etag: '"t"', 'x-rollcall-token': 't' }).end()
  })

  const view = await s.client.service('a', {
    zone: 'z1',
    status: 'up',
    tag: 'x y',
    version: '1.0',
    metadata: { 'a&b': '+' },
    after: 't',
    waitMs: 2_000,
  })

  expect(view).toBeUndefined()
  const [seen] = s.far.seen
  expect(seen && queryOf(seen)).toEqual({
    zone: 'z1',
    status: 'up',
    tag: 'x y',
    version: '1.0',
    'metadata.a&b': '+',
    after: 't',
    wait: '2000ms',
  })
})

test('reads every page of services', async () => {
  await using s = await setUp((seen, response) => {
    const { cursor } = queryOf(seen)
    json(response, 200, {
      services: [{ service: cursor ?? 'first' }],
      next: cursor === undefined ? 'second' : null,
    })
  })

  const names: string[] = []
  for await (const { service } of s.client.everyService({ prefix: 'o' })) names.push(service)

  expect(names).toEqual(['first', 'second'])
  expect(s.far.seen.map((seen) => queryOf(seen))).toEqual([
    { prefix: 'o', limit: '1000' },
    { prefix: 'o', limit: '1000', cursor: 'second' },
  ])
})

test('reads the cluster and its members, and takes one out', async () => {
  await using s = await setUp(({ method, target }, response) => {
    if (method === 'DELETE' && target.endsWith('/n%2F2'))
      json(response, 202, { planes: ['instances'] })
    else if (method === 'DELETE') response.writeHead(204).end()
    else json(response, 200, target.endsWith('/members') ? { members: [] } : { node: 'n1' })
  })

  expect(await s.client.cluster()).toEqual({ node: 'n1' })
  expect(await s.client.members()).toEqual({ members: [] })
  expect(await s.client.removeMember('n/2')).toEqual({ planes: ['instances'] })
  expect(await s.client.removeMember('n3')).toEqual({ planes: [] })

  expect(s.far.seen.map(({ method, target }) => `${method} ${target}`)).toEqual([
    'GET /registry/v1/cluster',
    'GET /registry/v1/cluster/members',
    'DELETE /registry/v1/cluster/members/n%2F2',
    'DELETE /registry/v1/cluster/members/n3',
  ])
})

test('says whether a server is ready', async () => {
  await using s = await setUp((_, response) => {
    json(response, 503, { status: 'not_ready', reasons: [] })
  })

  expect(await s.client.ready()).toBe(false)
  s.far.script = (_, response) => json(response, 200, { status: 'ok' })
  expect(await s.client.ready()).toBe(true)
  expect(s.far.seen[0]?.target).toBe('/readyz')
  await s.far[Symbol.asyncDispose]()
  expect(await s.client.ready()).toBe(false)
})

test('throws what the registry refused, with its facts', async () => {
  await using s = await setUp((_, response) => {
    problem(response, 409, { code: 'superseded', details: { session: 12 } })
  })

  await expect(s.client.instance(at)).rejects.toMatchObject({
    name: 'RegistryError',
    code: 'superseded',
    message: 'The far side says superseded.',
    details: { session: 12 },
  })
})

test('throws internal for a code of a later version, and keeps the code', async () => {
  await using s = await setUp((_, response) => {
    problem(response, 422, { code: 'from_the_future', details: { path: 'x' } })
  })

  await expect(s.client.instance(at)).rejects.toMatchObject({
    code: 'internal',
    details: { code: 'from_the_future', status: 422, path: 'x' },
  })
})

test.each([
  [502, 'unavailable'],
  [404, 'internal'],
  [200, 'internal'],
])('a page with status %i that is no registry answer is %s', async (status, code) => {
  await using s = await setUp((_, response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end('<p>hello</p>')
  })

  await expect(s.client.instance(at)).rejects.toMatchObject({ code })
})

test.each(['127.0.0.1:7070', 'ftp://a', 'http://me:pw@a', ''])(
  'refuses %j as a server and shows no password',
  (server) => {
    expect(() => new RollcallClient({ servers: [server] })).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        details: { server: expect.not.stringContaining('pw') },
      }),
    )
  },
)

test('refuses a token that no header can carry', () => {
  expect(() => new RollcallClient({ token: 'a\nb' })).toThrow(
    expect.objectContaining({ code: 'invalid_argument' }),
  )
})
