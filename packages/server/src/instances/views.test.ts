import { expect, test } from 'vitest'
import { setUpPlane } from '../testing/index.ts'
import type { ListQuery } from './views.ts'

function setUp() {
  const it = setUpPlane()
  const names = ['api', 'api-v2', 'app', 'b', 'web']
  for (const service of names) {
    it.register({ service })
    it.register({ env: 'test', service })
    it.register({ env: 'te', service })
  }
  const list = (query: ListQuery = {}) =>
    [...it.plane.list(query)].map(({ env, service }) => `${env} ${service}`)
  return { ...it, names, list }
}

test('lists go by env and name', () => {
  const { names, list } = setUp()
  const all = ['default', 'te', 'test'].flatMap((env) => names.map((name) => `${env} ${name}`))
  expect(list()).toEqual(all)
  expect(list({ env: 'te' })).toEqual(names.map((name) => `te ${name}`))
  expect(list({ env: 'none' })).toEqual([])
})

test.each([
  ['a', ['api', 'api-v2', 'app']],
  ['api', ['api', 'api-v2']],
  ['api-', ['api-v2']],
  ['app', ['app']],
  ['webx', []],
  ['0', []],
  ['z', []],
])('the prefix %s matches %j', (prefix, expected) => {
  const { list } = setUp()
  expect(list({ env: 'test', prefix })).toEqual(expected.map((name) => `test ${name}`))
  expect(list({ prefix })).toEqual(
    ['default', 'te', 'test'].flatMap((env) => expected.map((name) => `${env} ${name}`)),
  )
})

test('pages, each beginning after the last service of the one before, make up the list', () => {
  const { plane, list } = setUp()
  for (const query of [{}, { env: 'test' }, { prefix: 'ap' }, { env: 'te', prefix: 'a' }]) {
    const seen: string[] = []
    for (let after: ListQuery['after']; ;) {
      const [next] = plane.list({ ...query, after })
      if (!next) break
      seen.push(`${next.env} ${next.service}`)
      after = { env: next.env, service: next.service }
    }
    expect(seen).toEqual(list(query))
  }
})

test('a cursor of another env or of what is gone skips nothing', () => {
  const { list } = setUp()
  expect(list({ env: 'test', after: { env: 'default', service: 'zzz' } })).toHaveLength(5)
  expect(list({ env: 'te', after: { env: 'te', service: 'apj' } })).toEqual([
    'te app',
    'te b',
    'te web',
  ])
  expect(list({ env: 'default', after: { env: 'test', service: 'a' } })).toEqual([])
})

test('a service is listed while it has something to show, with its counts', () => {
  const it = setUpPlane()
  it.register({ id: 'a' })
  it.register({ id: 'b' }, { status: 'down' })
  it.register({ id: 'c', zone: 'z2' })
  const [web] = it.plane.list({})
  expect(web).toMatchObject({ instanceCount: 3, upCount: 2, revision: 3, protected: null })
  expect([...(web?.zones ?? [])]).toEqual([
    ['z1', 2],
    ['z2', 1],
  ])
  for (const id of ['a', 'b', 'c']) it.plane.cancel(it.ref({ id }))
  expect([...it.plane.list({})]).toEqual([])
  expect(it.plane.stats().services).toBe(0)
})

test('services that come and go keep the list in order', () => {
  const { list, register, plane, ref } = setUp()
  list()
  register({ service: 'aa' })
  expect(list({ env: 'default', prefix: 'a' })).toEqual([
    'default aa',
    'default api',
    'default api-v2',
    'default app',
  ])
  plane.cancel(ref({ service: 'app' }))
  expect(list({ env: 'default', prefix: 'app' })).toEqual([])
})

test('where else a service of the name is shown: other envs, with their zones', () => {
  const it = setUpPlane()
  it.register({ env: 'test', zone: 'z2' })
  it.register({ env: 'test', zone: 'z1' })
  it.register({ env: 'gone' })
  it.plane.cancel(it.ref({ env: 'gone' }))
  expect(it.plane.elsewhere({ env: 'default', service: 'web' })).toEqual([
    { env: 'test', zones: ['z1', 'z2'] },
  ])
  expect(it.plane.elsewhere({ env: 'test', service: 'web' })).toEqual([])
})

test('one instance is read with its last renewal, also after wall time was set right', () => {
  const it = setUpPlane()
  it.register()
  it.run(10_000)
  it.renew()
  it.clock.bendWall(60_000)
  const renewedMs = it.clock.wallMs()
  it.run(5_000)
  expect(it.plane.instance(it.ref())).toMatchObject({
    instance: { id: 'a', zone: 'z1' },
    lastRenewedAtMs: renewedMs,
  })
  it.plane.cancel(it.ref())
  expect(() => it.plane.instance(it.ref())).toThrow(
    expect.objectContaining({ code: 'instance_not_found' }),
  )
})
