import { describe, expect, test } from 'vitest'
import { setUpApp } from '../../testing/index.ts'

const A = '/services/web/instances/a'
const ADDRESSES = ['http://10.0.0.1:80']
const NOW = 1_700_000_000_000
const SESSION = 1_690_000_000_000

describe('PUT an instance', () => {
  test('answers 201 with the whole instance, what was left out by its defaults', async () => {
    await using t = await setUpApp()
    const answer = await t.api(`PUT ${A}`, { body: { addresses: ADDRESSES } })
    expect(answer.status).toBe(201)
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    expect(answer.body).toEqual({
      service: 'web',
      env: 'default',
      zone: 'z1',
      id: 'a',
      hostname: '',
      addresses: ADDRESSES,
      version: '',
      weight: 1,
      tags: [],
      metadata: {},
      status: 'up',
      ttlMs: 90_000,
      registeredAt: NOW,
      upSince: NOW,
      home: 'n1',
      contentVersion: expect.any(Number),
      revision: 1,
    })
  })

  test('keeps everything that it was told', async () => {
    await using t = await setUpApp()
    const facts = {
      addresses: ['http://[2001:db8::1]:8080/base', 'grpc+tls://h-1.example:65535'],
      hostname: 'h-1',
      version: '1.2.3',
      weight: 0,
      tags: ['blue', 'été'],
      metadata: { a: '1', '': 'empty key' },
      status: 'starting',
      ttlMs: 9_000,
    }
    const query = '?env=prod&zone=eu/1'
    const put = await t.api(`PUT ${A}${query}`, { body: { ...facts, session: SESSION } })
    expect(put.body).toMatchObject({ ...facts, env: 'prod', zone: 'eu/1', upSince: 0 })
    const got = await t.api(`GET ${A}${query}`)
    expect(got.body).toEqual({ ...put.body, lastRenewedAt: NOW })
  })

  test('answers 200 where it is known, with a new content version only for new content', async () => {
    await using t = await setUpApp()
    const body = { addresses: ADDRESSES, session: SESSION }
    const first = await t.api(`PUT ${A}`, { body })
    const again = await t.api(`PUT ${A}`, { body })
    expect([again.status, again.body]).toEqual([200, first.body])
    const changed = await t.api(`PUT ${A}`, { body: { ...body, weight: 2 } })
    expect(changed.status).toBe(200)
    expect(changed.body).toMatchObject({ weight: 2, revision: 2, registeredAt: NOW })
    expect(changed.body['contentVersion']).toBeGreaterThan(Number(first.body['contentVersion']))
  })

  test('takes names percent-encoded, to their full length', async () => {
    await using t = await setUpApp()
    const service = `${'a/'.repeat(63)}bc`
    const id = 'h:'.repeat(64)
    const path = `/services/${encodeURIComponent(service)}/instances/${encodeURIComponent(id)}`
    const answer = await t.api(`PUT ${path}?env=${'e'.repeat(128)}&zone=${'z'.repeat(128)}`, {
      body: { addresses: [] },
    })
    expect([answer.status, answer.body]).toMatchObject([201, { service, id }])
  })

  test('takes what is just within the limits', async () => {
    await using t = await setUpApp()
    const within: [string, object][] = [
      ['16 addresses', { addresses: Array.from({ length: 16 }, (_, at) => `tcp://h${at}:1`) }],
      ['an address of 512 characters', { addresses: [`tcp://h:80/${'x'.repeat(501)}`] }],
      ['64 tags of 128 characters', { tags: Array.from({ length: 64 }, () => 't'.repeat(128)) }],
      [
        '64 pairs',
        { metadata: Object.fromEntries(Array.from({ length: 64 }, (_, i) => [i, 'v'])) },
      ],
      ['4,096 bytes of metadata', { metadata: { k: 'é'.repeat(2_047), l: '' } }],
      ['a hostname of 255 characters', { hostname: 'h'.repeat(255) }],
      ['a version of 128 characters', { version: 'v'.repeat(128) }],
      ['a weight of a million', { weight: 1_000_000 }],
      ['the shortest ttl', { ttlMs: 9_000 }],
      ['the longest ttl', { ttlMs: 86_400_000 }],
      ['the oldest session', { session: 1_600_000_000_000 }],
      ['a session 60 s ahead', { session: NOW + 60_000 }],
    ]
    for (const [at, [what, facts]] of within.entries()) {
      const body = { addresses: ADDRESSES, ...facts }
      const { status } = await t.api(`PUT /services/web/instances/${at}`, { body })
      expect([what, status]).toEqual([what, 201])
    }
  })

  test('refuses an older process with the session of the newer, which is one less than what wins', async () => {
    await using t = await setUpApp()
    const put = (session: number) => t.api(`PUT ${A}`, { body: { addresses: ADDRESSES, session } })
    await put(SESSION)
    const refused = await put(SESSION - 1)
    expect([refused.status, refused.body]).toMatchObject([
      409,
      { code: 'superseded', details: { session: SESSION } },
    ])
    expect((await put(SESSION + 1)).status).toBe(200)
  })

  test('refuses what comes late from a process that has cancelled', async () => {
    await using t = await setUpApp()
    const put = () => t.api(`PUT ${A}`, { body: { addresses: ADDRESSES, session: SESSION } })
    await put()
    await t.api(`DELETE ${A}?session=${SESSION}`)
    expect((await put()).body).toMatchObject({ code: 'superseded' })
  })

  test('says that the node is full, and still takes what it knows', async () => {
    await using t = await setUpApp({ limits: { instancesMax: 1 } })
    t.register()
    const full = await t.api('PUT /services/web/instances/b', { body: { addresses: [] } })
    expect([full.status, full.body]).toMatchObject([
      413,
      { details: { what: 'instances', limit: 1, actual: 2 } },
    ])
    expect((await t.api(`PUT ${A}`, { body: { addresses: [] } })).status).toBe(200)
  })
})

describe('without a zone', () => {
  const calls = [
    { method: 'PUT', path: A, status: 200, body: { addresses: ADDRESSES, weight: 7 } },
    { method: 'POST', path: `${A}/heartbeat`, status: 204, body: undefined },
    { method: 'PATCH', path: A, status: 200, body: { weight: 7 } },
    { method: 'GET', path: A, status: 200, body: undefined },
    { method: 'DELETE', path: A, status: 204, body: undefined },
  ] as const

  test.each(calls)(
    '$method means the only zone in which it is',
    async ({ method, path, status, body }) => {
      await using t = await setUpApp()
      t.register({ zone: 'far' })
      const answer = await t.api(`${method} ${path}`, { body })
      expect(answer.status).toBe(status)
      if (status === 200) expect(answer.body).toMatchObject({ zone: 'far' })
      if (method === 'DELETE') expect(t.ids()).toEqual([])
    },
  )

  test.each(calls)(
    '$method in several is refused with them, and goes where it is told',
    async ({ method, path, status, body }) => {
      await using t = await setUpApp()
      t.register({ zone: 'z2' })
      t.register({ zone: 'z1' })
      const refused = await t.api(`${method} ${path}`, { body })
      expect([refused.status, refused.body]).toMatchObject([
        409,
        { code: 'ambiguous_zone', details: { service: 'web', id: 'a', zones: ['z1', 'z2'] } },
      ])
      expect((await t.api(`${method} ${path}?zone=z2`, { body })).status).toBe(status)
    },
  )

  test('PUT of a new one means the node\u2019s, also where it has ended elsewhere', async () => {
    await using t = await setUpApp()
    t.register({ zone: 'far' })
    t.plane.cancel(t.ref())
    const answer = await t.api(`PUT ${A}`, { body: { addresses: ADDRESSES } })
    expect([answer.status, answer.body]).toMatchObject([201, { zone: 'z1' }])
  })
})

describe('a heartbeat', () => {
  test('moves the deadline on and says which node is home', async () => {
    await using t = await setUpApp()
    t.register()
    t.run(60_000)
    const answer = await t.api(`POST ${A}/heartbeat`)
    expect([answer.status, answer.text, answer.headers['x-rollcall-home']]).toEqual([204, '', 'n1'])
    t.run(60_000)
    expect(t.ids()).toEqual(['a'])
    expect((await t.api(`GET ${A}`)).body).toMatchObject({ lastRenewedAt: NOW + 60_000 })
    t.run(60_000)
    expect(t.ids()).toEqual([])
  })

  test('is told to register again when it is gone, is newer than what is known, or knows more', async () => {
    await using t = await setUpApp()
    const { instance } = t.register({}, {}, SESSION)
    const version = instance.record.content.cver.at
    const beat = async (query: string) => (await t.api(`POST ${A}/heartbeat${query}`)).status
    expect(await beat(`?session=${SESSION}&content=${version}`)).toBe(204)
    expect(await beat(`?content=0`)).toBe(204)
    expect(await beat(`?session=${SESSION + 1}`)).toBe(404)
    expect(await beat(`?content=${version + 1}`)).toBe(404)
    t.plane.cancel(t.ref())
    expect(await beat('')).toBe(404)
  })

  test('of an older process is refused with the session of the newer', async () => {
    await using t = await setUpApp()
    t.register({}, {}, SESSION)
    const answer = await t.api(`POST ${A}/heartbeat?session=${SESSION - 1}`)
    expect([answer.status, answer.body]).toMatchObject([
      409,
      { code: 'superseded', details: { session: SESSION } },
    ])
  })
})

describe('PATCH an instance', () => {
  const patch = { headers: { 'content-type': 'application/merge-patch+json' } }

  test('sets and lifts the override, which is the status that clients act on', async () => {
    await using t = await setUpApp()
    t.register()
    const set = await t.api(`PATCH ${A}`, { body: { statusOverride: 'out_of_service' } })
    expect([set.status, set.body]).toMatchObject([
      200,
      { status: 'out_of_service', statusOverride: 'out_of_service' },
    ])
    t.register({}, { status: 'starting' })
    expect((await t.api(`GET ${A}`)).body).toMatchObject({ status: 'out_of_service' })
    const lifted = await t.api(`PATCH ${A}`, { ...patch, body: { statusOverride: null } })
    expect(lifted.body).toMatchObject({ status: 'starting' })
    expect(lifted.body).not.toHaveProperty('statusOverride')
  })

  test('merges metadata pair by pair: null deletes, absent stays', async () => {
    await using t = await setUpApp()
    t.register({}, { metadata: { keep: '1', change: '1', drop: '1' }, weight: 5 })
    const body = { metadata: { change: '2', drop: null, add: '3', never: null } }
    const answer = await t.api(`PATCH ${A}`, { ...patch, body })
    expect(answer.body).toMatchObject({ weight: 5 })
    expect(answer.body['metadata']).toEqual({ keep: '1', change: '2', add: '3' })
    const emptied = await t.api(`PATCH ${A}`, { body: { metadata: null, weight: null } })
    expect(emptied.body).toMatchObject({ metadata: {}, weight: 1 })
  })

  test('judges what would come out, not the patch: 65 nulls are fine, a 65th pair is not', async () => {
    await using t = await setUpApp()
    const pairs = (count: number, value: string | null, from = 0) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${from + at}`, value]))
    t.register({}, { metadata: pairs(64, 'v') as Record<string, string> })
    const more = await t.api(`PATCH ${A}`, { body: { metadata: pairs(1, 'v', 64) } })
    expect([more.status, more.body]).toMatchObject([
      413,
      { details: { what: 'metadata pairs', limit: 64, actual: 65 } },
    ])
    const none = await t.api(`PATCH ${A}`, { body: { metadata: pairs(65, null) } })
    expect(none.body).toMatchObject({ metadata: {} })
  })

  test('of nothing changes nothing', async () => {
    await using t = await setUpApp()
    t.register()
    const answer = await t.api(`PATCH ${A}`, { body: {} })
    expect([answer.status, answer.body]).toMatchObject([200, { revision: 1 }])
  })
})

describe('DELETE an instance', () => {
  test('answers 204 once and 404 from then on', async () => {
    await using t = await setUpApp()
    t.register()
    const first = await t.api(`DELETE ${A}`, { headers: { 'content-type': 'application/json' } })
    expect([first.status, first.text]).toEqual([204, ''])
    const again = await t.api(`DELETE ${A}`)
    expect([again.status, again.body]).toMatchObject([404, { code: 'instance_not_found' }])
    expect((await t.api(`GET ${A}`)).status).toBe(404)
  })

  test('by an older process is answered as done and changes nothing', async () => {
    await using t = await setUpApp()
    t.register({}, {}, SESSION)
    expect((await t.api(`DELETE ${A}?session=${SESSION - 1}`)).status).toBe(204)
    expect(t.ids()).toEqual(['a'])
    expect((await t.api(`DELETE ${A}?session=${SESSION}`)).status).toBe(204)
    expect(t.ids()).toEqual([])
  })

  test('that overtakes its own registration is 404, and the registration is refused', async () => {
    await using t = await setUpApp()
    expect((await t.api(`DELETE ${A}?session=${SESSION}`)).status).toBe(404)
    const late = await t.api(`PUT ${A}`, { body: { addresses: ADDRESSES, session: SESSION } })
    expect(late.body).toMatchObject({ code: 'superseded', details: { session: SESSION } })
  })
})
