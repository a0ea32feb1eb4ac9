import { describe, expect, test } from 'vitest'
import { setUpApp } from '../../testing/index.ts'

async function setUp() {
  const t = await setUpApp({ limits: { bodyMaxBytes: 1_024 * 1_024 } })
  const { namespaces } = t.catalog.catalog
  await namespaces.create('', { name: 'shop', kind: 'inner' })
  await namespaces.create('shop', { name: 'db', kind: 'leaf' })
  await namespaces.create('shop', { name: 'web', kind: 'leaf' })
  const add = async (hostname: string, ns = 'shop/db', id = hostname) => {
    const body = { id, properties: { hostname } }
    const answer = await t.api(`POST /resources/machine?ns=${ns}`, { body })
    if (answer.status !== 201) throw new Error(answer.text)
    return answer
  }
  const idsIn = async (ns: string, type = 'machine') => {
    const { body } = await t.api(`GET /resources/${type}?ns=${ns}`)
    return (body['resources'] as { ns: string; id: string }[]).map((row) => `${row.ns} ${row.id}`)
  }
  return Object.assign(t, { add, idsIn })
}

describe('a resource', () => {
  test('is added under an id of its own or one that is drawn, and says where it is', async () => {
    await using t = await setUp()
    const added = await t.add('db:1')
    const revision = Number(added.headers['x-rollcall-revision'])
    expect(added.body).toEqual({
      id: 'db:1',
      ns: 'shop/db',
      type: 'machine',
      properties: { hostname: 'db:1' },
      revision,
    })
    const location = '/registry/v1/resources/machine/db%3A1?ns=shop%2Fdb'
    expect(added.headers['location']).toBe(location)
    const read = await t.ask(`GET ${location}`)
    expect([read.status, read.body]).toEqual([200, added.body])
    const drawn = await t.api('POST /resources/machine?ns=shop/web', {
      body: { properties: { hostname: 'x' } },
    })
    expect(drawn.body['id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('without a namespace is every row of it, and with one that row', async () => {
    await using t = await setUp()
    await t.add('h')
    await t.add('h', 'pool')
    const both = await t.api('GET /resources/machine/h')
    expect(both.body).toMatchObject({ resources: [{ ns: 'pool' }, { ns: 'shop/db' }] })
    expect((await t.api('GET /resources/machine/h?ns=pool')).body).toMatchObject({ ns: 'pool' })
    const merged = await t.api('PATCH /resources/machine/h', { body: { properties: { a: 'b' } } })
    expect(merged.body['resources']).toHaveLength(2)
    await t.api('DELETE /resources/machine/h?ns=pool')
    expect(await t.idsIn('')).toEqual(['shop/db h'])
    await t.api('DELETE /resources/machine/h')
    expect((await t.api('GET /resources/machine/h')).status).toBe(404)
  })

  test('is read as a template where its place says so', async () => {
    await using t = await setUp()
    const body = { id: 'cpu', properties: { name: 'cpu' } }
    const added = await t.api('POST /resources/alarm?ns=shop&template=1', { body })
    const location = '/registry/v1/resources/alarm/cpu?ns=shop&template=1'
    expect(added.headers['location']).toBe(location)
    const read = await t.ask(`GET ${location}`)
    expect([read.status, read.body]).toEqual([200, added.body])
    expect((await t.api('GET /resources/alarm/cpu?template=1')).body).toEqual({
      resources: [added.body],
    })
    expect((await t.api('GET /resources/alarm/cpu?ns=shop')).status).toBe(404)
  })

  test('is looked for in the namespace that is named, and not below', async () => {
    await using t = await setUp()
    await t.add('h', 'shop/db')
    await t.add('h', 'shop/web')
    expect((await t.api('GET /resources/machine/h?ns=shop')).status).toBe(404)
    expect((await t.api('GET /resources/machine/h?ns=shop/web')).body).toMatchObject({
      ns: 'shop/web',
    })
  })

  test('is merged, only if nobody else was faster', async () => {
    await using t = await setUp()
    const { body } = await t.add('h')
    const ifRevision = body['revision']
    const patch = (body: object) => t.api('PATCH /resources/machine/h?ns=shop/db', { body })
    const first = await patch({ properties: { os: 'linux', rack: 'r1' }, ifRevision })
    expect(first.body['properties']).toEqual({ hostname: 'h', os: 'linux', rack: 'r1' })
    const second = await patch({ properties: { rack: null } })
    expect(second.body['properties']).toEqual({ hostname: 'h', os: 'linux' })
    const late = await patch({ properties: { os: 'bsd' }, ifRevision })
    expect([late.status, late.body['code']]).toEqual([409, 'revision_conflict'])
  })

  test('may have the name of a route as its id', async () => {
    await using t = await setUp()
    for (const id of ['batch', 'move', 'copy']) {
      await t.add(id)
      expect((await t.api(`GET /resources/machine/${id}`)).status).toBe(200)
      expect((await t.api(`DELETE /resources/machine/${id}`)).status).toBe(204)
      const wrong = await t.api(`PUT /resources/machine/${id}`, { body: {} })
      expect(wrong.headers['allow']).toBe('DELETE, GET, HEAD, PATCH, POST')
    }
  })

  test('of a repeated request is added once', async () => {
    await using t = await setUp()
    const add = () =>
      t.api('POST /resources/machine?ns=pool', {
        body: { properties: { hostname: 'h' } },
        headers: { 'idempotency-key': 'k' },
      })
    const [first, second] = [await add(), await add()]
    expect([second.status, second.body]).toEqual([201, first.body])
    expect(second.headers['location']).toBe(first.headers['location'])
    expect(await t.idsIn('pool')).toHaveLength(1)
  })
})

describe('a list', () => {
  test('of an inner namespace has all leaves below, page by page', async () => {
    await using t = await setUp()
    for (const hostname of ['b', 'a']) await t.add(hostname)
    await t.add('c', 'shop/web')
    await t.add('d', 'pool')
    const first = await t.api('GET /resources/machine?ns=shop&limit=2')
    expect(first.body['resources']).toMatchObject([{ id: 'a' }, { id: 'b' }])
    const next = String(first.body['next'])
    const second = await t.api(`GET /resources/machine?ns=shop&limit=2&cursor=${next}`)
    expect(second.body).toMatchObject({ resources: [{ id: 'c', ns: 'shop/web' }], next: null })
    for (const other of ['?ns=', '?ns=pool', '?ns=shop&template=1']) {
      const refused = await t.api(`GET /resources/machine${other}&cursor=${next}`)
      expect(refused.body).toMatchObject({ code: 'invalid_argument', details: { field: 'cursor' } })
    }
    expect(await t.idsIn('')).toEqual(['pool d', 'shop/db a', 'shop/db b', 'shop/web c'])
    expect(await t.idsIn('shop', 'other')).toEqual([])
  })

  test('of templates is what an inner namespace hands on', async () => {
    await using t = await setUp()
    const body = { properties: { name: 'cpu' } }
    const added = await t.api('POST /resources/collect?ns=shop&template=1', { body })
    expect(added.status).toBe(201)
    const { body: list } = await t.api('GET /resources/collect?ns=shop&template=1')
    expect(list['resources']).toMatchObject([{ ns: 'shop', properties: { name: 'cpu' } }])
    expect(await t.idsIn('shop', 'collect')).toEqual([])
    await t.api('POST /namespaces/shop', { body: { name: 'new', kind: 'leaf' } })
    expect(await t.idsIn('shop', 'collect')).toHaveLength(1)
    const { body: shop } = await t.api('GET /namespaces/shop')
    expect(shop['resources']).toEqual({ collect: 1 })
  })
})

describe('many at once', () => {
  test('take the place of all that were there', async () => {
    await using t = await setUp()
    await t.add('a')
    await t.add('b')
    const resources = [
      { id: 'z', properties: { hostname: 'z' } },
      { properties: { hostname: 'y' } },
    ]
    const put = await t.api('PUT /resources/machine?ns=shop/db', { body: { resources } })
    const ids = put.body['ids'] as string[]
    expect([put.status, ids[0], ids.length]).toEqual([200, 'z', 2])
    expect(put.body['revision']).toBe(Number(put.headers['x-rollcall-revision']))
    expect(await t.idsIn('shop/db')).toEqual([`shop/db ${ids[1]}`, 'shop/db z'])
    const none = await t.api('PUT /resources/machine?ns=shop/db', { body: { resources: [] } })
    expect(none.body['ids']).toEqual([])
    expect(await t.idsIn('shop/db')).toEqual([])
  })

  test('are done as one step, with a result for each', async () => {
    await using t = await setUp()
    await t.add('a')
    await t.add('b')
    const batch = (ops: object[]) => t.api('POST /resources/machine/batch', { body: { ops } })
    const done = await batch([
      { delete: { ns: 'shop/db', id: 'a' } },
      { update: { ns: 'shop/db', id: 'b', properties: { os: 'bsd' } } },
      { add: { ns: 'pool', id: 'c', properties: { hostname: 'c' } } },
    ])
    expect(done.body['results']).toMatchObject([
      { id: 'a', properties: { hostname: 'a' } },
      { id: 'b', properties: { hostname: 'b', os: 'bsd' } },
      { id: 'c', ns: 'pool' },
    ])
    const failed = await batch([
      { delete: { ns: 'shop/db', id: 'b' } },
      { delete: { ns: 'shop/db', id: 'none' } },
    ])
    expect(failed.body['code']).toBe('resource_not_found')
    expect(await t.idsIn('')).toEqual(['pool c', 'shop/db b'])
  })

  test('are refused with what is wrong with the operation that was meant', async () => {
    await using t = await setUp()
    const detailOf = async (...ops: object[]) =>
      (await t.api('POST /resources/machine/batch', { body: { ops } })).body['detail']
    expect(await detailOf({ update: { ns: 'shop/db', properties: { a: 'b' } } })).toBe(
      "body.ops.0.update must have required property 'id'.",
    )
    expect(await detailOf({ add: { ns: 'pool', properties: { hostname: 1 } } })).toBe(
      'body.ops.0.add.properties.hostname must be string.',
    )
    expect(await detailOf({})).toBe('body.ops.0 must have one of "add", "update", "delete".')
  })

  test('may be 4,000 in one request', async () => {
    await using t = await setUp()
    const ops = Array.from({ length: 4_000 }, (_, at) => ({
      add: { ns: 'pool', properties: { hostname: `machine-${at}` } },
    }))
    const done = await t.api('POST /resources/machine/batch', { body: { ops } })
    expect([done.status, (done.body['results'] as unknown[]).length]).toEqual([200, 4_000])
  })

  test('move with their ids, and copies have new ones', async () => {
    await using t = await setUp()
    await t.add('a')
    const transfer = { from: 'shop/db', to: 'pool', ids: ['a'] }
    const copied = await t.api('POST /resources/machine/copy', { body: transfer })
    const [copy] = copied.body['resources'] as { id: string }[]
    expect(copy).toMatchObject({ ns: 'pool', properties: { hostname: 'a' } })
    expect(copy?.id).not.toBe('a')
    const clash = await t.api('POST /resources/machine/move', { body: transfer })
    expect([clash.status, clash.body['code']]).toEqual([409, 'already_exists'])
    const moved = await t.api('POST /resources/machine/move', {
      body: { ...transfer, to: 'shop/web' },
    })
    expect(moved.body['resources']).toMatchObject([{ id: 'a', ns: 'shop/web' }])
    expect(moved.body['revision']).toBe(Number(moved.headers['x-rollcall-revision']))
    expect(await t.idsIn('shop')).toEqual(['shop/web a'])
  })
})
