import { describe, expect, test } from 'vitest'
import { setUpLodastack } from './testing/calls.ts'

async function setUpTree() {
  const s = await setUpLodastack()
  await s.grow(['p.loda', 1], ['a.p.loda', 0], ['b.p.loda', 0], ['empty.loda', 1])
  const ids = {
    one: await s.add('a.p.loda', 'machine', { hostname: '10.0.0.1', sn: 'c++' }),
    two: await s.add('b.p.loda', 'machine', { hostname: '10.0.0.1' }),
    three: await s.add('b.p.loda', 'machine', { hostname: '10.0.0.23' }),
  }
  return { ...s, ids }
}

test('an inner namespace has the resources of all leaves below', async () => {
  await using s = await setUpTree()
  const hostnames = async (ns: string) =>
    (await s.list(ns, 'machine')).map(({ hostname }) => hostname)
  expect(await hostnames('a.p.loda')).toEqual(['10.0.0.1'])
  expect(await hostnames('p.loda')).toEqual(['10.0.0.1', '10.0.0.1', '10.0.0.23'])
  expect(await hostnames('empty.loda')).toEqual([])
  expect(await s.list('a.p.loda', 'nothing')).toEqual([])
})

test('a list may be long', async () => {
  await using s = await setUpLodastack()
  await s.grow(['a.loda', 0])
  const resourcelist = Array.from({ length: 2_500 }, (_, at) => ({ name: `n${at}` }))
  await s.json('POST /resource', { ns: 'a.loda', type: 'deploy', resourcelist })
  const names = new Set((await s.list('a.loda', 'deploy')).map(({ name }) => name))
  expect(names.size).toBe(2_500)
})

test.each([
  '/ns?ns=p.loda',
  '/router/ns?ns=p.loda',
  '/alarm/ns?ns=p.loda',
  '/event/ns?ns=p.loda',
  '/resource?ns=p.loda&type=machine',
  '/agent/resource?ns=p.loda&type=machine',
  '/router/resource?ns=p.loda&type=machine',
  '/alarm/resource?ns=p.loda&type=machine',
  '/event/resource?ns=p.loda&type=machine',
  '/resource/search?ns=p.loda&type=machine&v=10.0.0.1',
  '/event/resource/search?ns=p.loda&type=machine&v=10.0.0.1',
])('GET %s is answered as without what stands before it', async (url) => {
  await using s = await setUpTree()
  const plain = url.replace(/^\/(agent|router|alarm|event)\//, '/')
  const { status, text } = await s.t.ask(`GET /api/v1${url}`)
  expect([status, text]).toEqual([200, (await s.t.ask(`GET /api/v1${plain}`)).text])
})

describe('search', () => {
  const machines = { ns: 'loda', type: 'machine' }

  test('finds values by property, in each namespace that has them', async () => {
    await using s = await setUpTree()
    const { one, two } = s.ids
    expect(await s.search({ ...machines, k: 'hostname', v: '10.0.0.1', mod: 'exact' })).toEqual({
      'a.p.loda': [{ _id: one, hostname: '10.0.0.1', sn: 'c++', status: 'online' }],
      'b.p.loda': [{ _id: two, hostname: '10.0.0.1', status: 'online' }],
    })
    expect(await s.search({ ...machines, ns: 'b.p.loda', v: '10.0.0.1' })).toEqual({
      'b.p.loda': [expect.objectContaining({ _id: two })],
    })
    expect(await s.search({ ...machines, k: 'ip', v: '10.0.0.1' })).toEqual({})
  })

  test('finds an id', async () => {
    await using s = await setUpTree()
    const { three } = s.ids
    expect(await s.search({ ...machines, k: '_id', v: three })).toEqual({
      'b.p.loda': [expect.objectContaining({ hostname: '10.0.0.23' })],
    })
  })

  test.each<[string, string, number]>([
    ['contains it', '0.0.2', 1],
    ['is found by a pattern', '^10.*[123]$', 3],
    ['contains what would be another pattern', 'c++', 1],
    ['contains what is no pattern', '+', 1],
    ['is none of it', 'nothing', 0],
  ])('with fuzzy a value %s', async (_what, v, count) => {
    await using s = await setUpTree()
    const found = await s.search({ ...machines, v, mod: 'fuzzy' })
    expect(Object.values(found).flat()).toHaveLength(count)
  })

  test('finds more than a page', async () => {
    await using s = await setUpLodastack()
    await s.grow(['a.loda', 0])
    const resourcelist = Array.from({ length: 1_500 }, (_, at) => ({ name: `n${at}`, c: 'x' }))
    await s.json('POST /resource', { ns: 'a.loda', type: 'deploy', resourcelist })
    const found = await s.search({ ns: 'loda', type: 'deploy', k: 'c', v: 'x' })
    expect(found['a.loda']).toHaveLength(1_500)
  })

  test.each<[string, Readonly<Record<string, string>>, number]>([
    ['no value', { ns: 'loda', type: 'machine' }, 400],
    ['no type', { ns: 'loda', v: 'x' }, 400],
    ['no namespace', { type: 'machine', v: 'x' }, 400],
    ['a namespace that is not there', { ns: 'none.loda', type: 'machine', v: 'x' }, 404],
  ])('refuses %s', async (_what, fields, status) => {
    await using s = await setUpTree()
    const told = await s.query('GET /resource/search', fields)
    expect(told).toMatchObject({ status, data: null })
  })
})

test.each<[string, Readonly<Record<string, string>>, number]>([
  ['no namespace', { type: 'machine' }, 400],
  ['no type', { ns: 'loda' }, 400],
  ['a namespace that is not there', { ns: 'none.loda', type: 'machine' }, 404],
])('a list of %s is refused', async (_what, fields, status) => {
  await using s = await setUpTree()
  expect(await s.query('GET /resource', fields)).toMatchObject({ status, data: null })
})
