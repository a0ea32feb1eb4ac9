/**
 * What went wrong in the original, and must not here.
 */

import { describe, expect, test } from 'vitest'
import { done, setUpLodastack } from './testing/calls.ts'

describe('writers at the same time lose nothing', () => {
  test('of the resources of one namespace', async () => {
    await using s = await setUpLodastack()
    await s.grow(['a.loda', 0])
    const names = Array.from({ length: 100 }, (_, at) => `n${at}`)
    const ids = await Promise.all(names.map((name) => s.add('a.loda', 'deploy', { name })))
    expect(new Set(ids).size).toBe(100)
    const updates = ids.map((resourceid) =>
      s.json('PUT /resource', { ns: 'a.loda', type: 'deploy', resourceid, update: { v: '2' } }),
    )
    for (const told of await Promise.all(updates)) expect(told.status).toBe(200)
    const rows = await s.list('a.loda', 'deploy')
    expect(rows.map(({ name }) => name).sort()).toEqual(names.sort())
    expect(rows.every(({ v }) => v === '2')).toBe(true)
  })

  test('of one resource', async () => {
    await using s = await setUpLodastack()
    const id = await s.add('pool.loda', 'machine', { hostname: 'h' })
    const updates = Array.from({ length: 30 }, (_, at) =>
      s.json('PUT /resource', {
        ns: 'pool.loda',
        type: 'machine',
        resourceid: id,
        update: { [`k${at}`]: 'v' },
      }),
    )
    await Promise.all(updates)
    const [row = {}] = await s.list('pool.loda', 'machine')
    expect(Object.keys(row)).toHaveLength(3 + 30)
  })

  test('of the tree', async () => {
    await using s = await setUpLodastack()
    await s.grow(['p.loda', 1])
    const names = Array.from({ length: 50 }, (_, at) => `n${at}`)
    await Promise.all(names.map((name) => s.grow([`${name}.p.loda`, 0])))
    const { data } = await s.query('GET /ns', { ns: 'p.loda', format: 'list' })
    expect(data).toHaveLength(50)
  })

  test('and a machine registers once, however many ask', async () => {
    await using s = await setUpLodastack()
    await s.grow(['a.loda', 0, 'h'], ['b.loda', 0, 'h'])
    const asked = await Promise.all(Array.from({ length: 20 }, () => s.register({ hostname: 'h' })))
    expect(new Set(asked.map((places) => JSON.stringify(places))).size).toBe(1)
    expect(await s.list('loda', 'machine')).toHaveLength(2)
  })
})

test('a report is known wherever the instance is known, not where it came in', async () => {
  await using s = await setUpLodastack()
  const metadata = { version: '0.2', ip: '10.0.0.1', utime: '2026-01-01T00:00:00.000Z' }
  const facts = { addresses: [], tags: ['lodastack'], metadata }
  s.t.register({ service: 'infra.machine', id: 'elsewhere' }, facts)
  const reports = done(await s.query('GET /agents'))
  expect(reports).toMatchObject({ elsewhere: { version: '0.2', utime: metadata.utime } })
})

test('a machine is registered in all of its namespaces, or in none', async () => {
  await using s = await setUpLodastack()
  await s.grow(['a.loda', 0, 'h'], ['b.loda', 0, 'h'])
  s.t.catalog.engine.breakWrites('the disk is full')
  expect(await s.json('POST /agent/ns', { hostname: 'h' })).toMatchObject({ status: 503 })
  s.t.catalog.engine.mend()
  expect(await s.list('loda', 'machine')).toEqual([])
  const places = await s.register({ hostname: 'h' })
  const rows = s.t.catalog.catalog.machines.find('h')
  expect(rows).toHaveLength(2)
  expect(new Set(rows.map(({ revision }) => revision)).size).toBe(1)
  expect(new Set(Object.values(places)).size).toBe(2)
})

test('a pattern that is none is no error, and finds what contains it', async () => {
  await using s = await setUpLodastack()
  await s.add('pool.loda', 'deploy', { name: 'a(b' })
  const fields = { ns: 'loda', type: 'deploy', v: 'a(', mod: 'fuzzy' }
  expect((await s.search(fields))['pool.loda']).toHaveLength(1)
})

test('a search where there is no leaf finds nothing', async () => {
  await using s = await setUpLodastack()
  await s.grow(['p.loda', 1])
  expect(await s.search({ ns: 'p.loda', type: 'machine', v: 'x' })).toEqual({})
})

test('values may have any character', async () => {
  await using s = await setUpLodastack()
  const value = '\u0000\u0001\u0002\u0003 "€" \u{1F600}\n'
  await s.add('pool.loda', 'deploy', { name: 'a', value, empty: '' })
  expect(await s.list('pool.loda', 'deploy')).toMatchObject([{ value, empty: '' }])
})

test('peers are members with a role, and exactly one leads', async () => {
  await using s = await setUpLodastack()
  const peers = Object.values(
    done(await s.query('GET /peer')) as Record<string, { api: string; role: string }>,
  )
  expect(peers.map(({ role }) => role).sort()).toEqual(['Follower', 'Follower', 'Leader'])
  for (const { api } of peers) expect(api).toMatch(/^\S+:\d+$/)
})

test('what is kept is not open to whoever has no token', async () => {
  await using s = await setUpLodastack({ token: 'secret' })
  for (const line of ['GET /peer', 'POST /agent/ns', 'GET /ns', 'GET /db/backup']) {
    const { status } = await s.t.ask(line.replace(' ', ' /api/v1'))
    expect([line, status]).toEqual([line, 401])
  }
})

test('what is not served yet is not found', async () => {
  await using s = await setUpLodastack()
  for (const path of ['/dashboard', '/perm/check', '/user/signin', '/event/user/list']) {
    const { status } = await s.t.ask(`GET /api/v1${path}`)
    expect([path, status]).toEqual([path, 404])
  }
})

test('failures of every kind come in the envelope', async () => {
  await using s = await setUpLodastack()
  const notJson = await s.t.ask('POST /api/v1/resource', { body: '{' })
  const msg = 'The body is not JSON.'
  expect(JSON.parse(notJson.text)).toEqual({ httpstatus: 400, data: null, msg })
  const large = 'x'.repeat(3_000_000)
  const tooLarge = await s.t.ask('POST /api/v1/resource', { body: large })
  expect(JSON.parse(tooLarge.text)).toMatchObject({ httpstatus: 413, data: null })
  s.t.readiness.block('test', 'it boots')
  const notReady = await s.t.ask('GET /api/v1/ns')
  expect(notReady.headers['retry-after']).toBe('1')
  expect(JSON.parse(notReady.text)).toMatchObject({ httpstatus: 503, data: null })
})
