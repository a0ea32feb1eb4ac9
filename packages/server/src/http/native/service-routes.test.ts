import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { setUpApp, type AppHarness } from '../../testing/index.ts'

describe('the list of services', () => {
  const names = ({ body }: { body: Readonly<Record<string, unknown>> }) =>
    (body['services'] as { env: string; service: string }[]).map(
      ({ env, service }) => `${env} ${service}`,
    )

  test('tells of each what it has where', async () => {
    await using t = await setUpApp()
    t.register({ id: 'a' })
    t.register({ id: 'b', zone: 'z2' }, { status: 'down' })
    t.register({ id: 'c', zone: 'z2' })
    expect((await t.api('GET /services')).body).toEqual({
      services: [
        {
          service: 'web',
          env: 'default',
          instanceCount: 3,
          upCount: 2,
          zones: { z1: 1, z2: 2 },
          revision: 3,
          protected: null,
        },
      ],
      next: null,
    })
  })

  test('is of the node\u2019s env, of another, or of all, in order', async () => {
    await using t = await setUpApp()
    for (const [env, service] of [
      ['prod', 'web'],
      ['default', 'web'],
      ['default', 'api'],
      ['a', 'zoo'],
    ] as const) {
      t.register({ env, service })
    }
    expect(names(await t.api('GET /services'))).toEqual(['default api', 'default web'])
    expect(names(await t.api('GET /services?env=prod'))).toEqual(['prod web'])
    expect(names(await t.api('GET /services?env=none'))).toEqual([])
    expect(names(await t.api('GET /services?env=*'))).toEqual([
      'a zoo',
      'default api',
      'default web',
      'prod web',
    ])
  })

  test('goes on page by page, through all envs, whatever comes and goes between', async () => {
    await using t = await setUpApp()
    for (const env of ['default', 'prod'])
      for (let at = 0; at < 5; at += 1) t.register({ env, service: `s${at}` })
    const seen: string[] = []
    let next: string | null = ''
    for (let page = 0; next !== null && page < 9; page += 1) {
      const cursor = next === '' ? '' : `&cursor=${next}`
      const answer = await t.api(`GET /services?env=*&limit=3${cursor}`)
      seen.push(...names(answer))
      next = answer.body['next'] as string | null
      t.plane.cancel(t.ref({ env: 'default', service: seen.at(-1)?.split(' ')[1] ?? '', id: 'a' }))
      if (page === 0) t.register({ env: 'default', service: 's2b' })
      if (page === 1) break
    }
    expect(seen).toEqual([
      'default s0',
      'default s1',
      'default s2',
      'default s2b',
      'default s3',
      'default s4',
    ])
    const rest = await t.api(`GET /services?env=*&limit=9&cursor=${String(next)}`)
    expect([names(rest).length, rest.body['next']]).toEqual([5, null])
  })

  test('ends with null also where the last page is full', async () => {
    await using t = await setUpApp()
    t.register({ service: 'a' })
    t.register({ service: 'b' })
    expect((await t.api('GET /services?limit=2')).body['next']).toBeNull()
    expect((await t.api('GET /services?limit=1')).body['next']).toEqual(expect.any(String))
  })

  test('has pages of 100, or as few as the node allows', async () => {
    await using t = await setUpApp()
    for (let at = 0; at < 101; at += 1) t.register({ service: `s${at}` })
    expect(names(await t.api('GET /services'))).toHaveLength(100)
    expect(names(await t.api('GET /services?limit=1000'))).toHaveLength(101)
    await using small = await setUpApp({ limits: { pageMax: 1 } })
    for (const service of ['a', 'b']) small.register({ service })
    expect(names(await small.api('GET /services'))).toHaveLength(1)
    const over = await small.api('GET /services?limit=2')
    expect([over.status, over.body]).toMatchObject([
      413,
      { details: { what: 'page size', limit: 1, actual: 2 } },
    ])
  })

  test('keeps to a prefix, also on later pages', async () => {
    await using t = await setUpApp()
    for (const service of ['ap', 'api', 'api.a', 'api.b', 'apz', 'b']) t.register({ service })
    expect(names(await t.api('GET /services?prefix=api'))).toEqual([
      'default api',
      'default api.a',
      'default api.b',
    ])
    const first = await t.api('GET /services?prefix=api.&limit=1')
    const second = await t.api(
      `GET /services?prefix=api.&limit=1&cursor=${String(first.body['next'])}`,
    )
    expect([names(second), second.body['next']]).toEqual([['default api.b'], null])
    expect(names(await t.api('GET /services?prefix=%20nothing'))).toEqual([])
  })

  test('leaves out what has nothing to show', async () => {
    await using t = await setUpApp()
    t.register()
    t.plane.cancel(t.ref())
    expect(names(await t.api('GET /services'))).toEqual([])
  })
})

describe('one service', () => {
  const ids = (body: Readonly<Record<string, unknown>>) =>
    (body['instances'] as { id: string }[]).map(({ id }) => id)

  test('comes whole, with its revision and token', async () => {
    await using t = await setUpApp()
    t.register({ id: 'a' })
    t.register({ id: 'b', zone: 'z2' })
    const answer = await t.api('GET /services/web')
    const a = await t.api('GET /services/web/instances/a')
    const { lastRenewedAt: _, ...instance } = a.body
    expect(answer.body).toEqual({
      service: 'web',
      env: 'default',
      revision: 2,
      token: answer.headers['x-rollcall-token'],
      protected: null,
      instances: [instance, expect.objectContaining({ id: 'b', zone: 'z2' })],
    })
    expect(answer.headers['etag']).toBe(`W/"${String(answer.body['token'])}"`)
  })

  test('shows through a filter only what fits it, by what clients act on', async () => {
    await using t = await setUpApp()
    t.register({ id: 'a' }, { tags: ['blue'], version: '1', metadata: { rack: '7', k: 'a=b&c' } })
    t.register({ id: 'b', zone: 'z2' }, { tags: ['blue', 'big'], metadata: { rack: '8' } })
    t.register({ id: 'c' }, { status: 'starting', version: '' })
    t.plane.set(t.ref({ id: 'b' }), { statusOverride: 'down' })
    const seen = async (query: string) =>
      ids((await t.api(`GET /services/web?${query}`)).body).sort()
    expect(await seen('zone=z1')).toEqual(['a', 'c'])
    expect(await seen('zone=unknown')).toEqual([])
    expect(await seen('status=up')).toEqual(['a'])
    expect(await seen('status=down')).toEqual(['b'])
    expect(await seen('tag=blue')).toEqual(['a', 'b'])
    expect(await seen('tag=big&zone=z1')).toEqual([])
    expect(await seen('version=1')).toEqual(['a'])
    expect(await seen('version=')).toEqual(['b', 'c'])
    expect(await seen('metadata.rack=7')).toEqual(['a'])
    expect(await seen(`metadata.k=${encodeURIComponent('a=b&c')}&metadata.rack=7`)).toEqual(['a'])
    expect(await seen('metadata.constructor=x')).toEqual([])
    expect(await seen('')).toEqual(['a', 'b', 'c'])
  })

  test('that is unknown is 404 with where it is, and a token to wait with', async () => {
    await using t = await setUpApp()
    t.register({ env: 'prod', zone: 'z2' })
    t.register({ env: 'prod', zone: 'z1' })
    const answer = await t.api('GET /services/web')
    expect([answer.status, answer.body]).toMatchObject([
      404,
      {
        code: 'service_not_found',
        details: {
          token: expect.any(String),
          elsewhere: [{ env: 'prod', zones: ['z1', 'z2'] }],
        },
      },
    ])
    const { token } = answer.body['details'] as { token: string }
    t.register()
    expect((await t.api(`GET /services/web?after=${token}`)).status).toBe(200)
  })

  test('whose last instance has ended is 200 and empty', async () => {
    await using t = await setUpApp()
    t.register()
    t.plane.cancel(t.ref())
    const answer = await t.api('GET /services/web')
    expect([answer.status, answer.body]).toMatchObject([200, { instances: [], revision: 2 }])
  })
})

describe('If-None-Match without a wait', () => {
  test('answers 304 with ETag and token while nothing changed, and 200 after', async () => {
    await using t = await setUpApp()
    t.register()
    const first = await t.api('GET /services/web')
    const etag = first.headers['etag'] ?? ''
    const again = await t.api('GET /services/web', { headers: { 'if-none-match': `"x", ${etag}` } })
    expect([again.status, again.text, again.headers]).toMatchObject([
      304,
      '',
      { etag, 'x-rollcall-token': first.body['token'], 'x-rollcall-node': 'n1' },
    ])
    t.register({ id: 'b' })
    const changed = await t.api('GET /services/web', { headers: { 'if-none-match': etag } })
    expect(changed.status).toBe(200)
    expect(changed.headers['etag']).not.toBe(etag)
  })

  test('of another service\u2019s change stays 304', async () => {
    await using t = await setUpApp()
    t.register()
    const { headers } = await t.api('GET /services/web')
    t.register({ service: 'api' })
    const again = await t.api('GET /services/web', {
      headers: { 'if-none-match': headers['etag'] ?? '' },
    })
    expect(again.status).toBe(304)
  })

  test('that is nobody\u2019s is answered whole, and an unknown service stays 404', async () => {
    await using t = await setUpApp()
    t.register()
    const headers = { 'if-none-match': '"something else"' }
    expect((await t.api('GET /services/web', { headers })).status).toBe(200)
    expect((await t.api('GET /services/none', { headers })).status).toBe(404)
  })
})

describe('gzip', () => {
  const manyOf = async (): Promise<AppHarness> => {
    const t = await setUpApp()
    for (let at = 0; at < 20; at += 1) t.register({ id: `i${at}`, service: 'web' })
    for (let at = 0; at < 20; at += 1) t.register({ service: `service-${at}` })
    return t
  }

  test.each(['/services/web', '/services'])('packs a large answer of %s', async (path) => {
    await using t = await manyOf()
    const plain = await t.api(`GET ${path}`)
    for (const accepted of ['gzip', 'br, gzip;q=0.5', 'deflate,gzip']) {
      const packed = await t.api(`GET ${path}`, { headers: { 'accept-encoding': accepted } })
      expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' })
      expect(packed.headers['content-length']).toBe(String(packed.bytes.length))
      expect(gunzipSync(packed.bytes).toString()).toBe(plain.text)
      const head = await t.api(`HEAD ${path}`, { headers: { 'accept-encoding': accepted } })
      expect(head.headers['content-length']).toBe(packed.headers['content-length'])
    }
  })

  test.each(['gzip;q=0', 'gzip; q=0.0, br', 'identity', ''])(
    'leaves it alone where "%s" is accepted',
    async (accepted) => {
      await using t = await manyOf()
      for (const path of ['/services/web', '/services']) {
        const answer = await t.api(`GET ${path}`, { headers: { 'accept-encoding': accepted } })
        expect(answer.headers['content-encoding']).toBeUndefined()
        expect(answer.body).toBeDefined()
      }
    },
  )

  test('is not worth it for a small answer', async () => {
    await using t = await setUpApp()
    t.register()
    for (const path of ['/services/web', '/services']) {
      const answer = await t.api(`GET ${path}`, { headers: { 'accept-encoding': 'gzip' } })
      expect(answer.headers['content-encoding']).toBeUndefined()
    }
  })
})
