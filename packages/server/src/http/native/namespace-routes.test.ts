import { describe, expect, test } from 'vitest'
import { setUpApp, type AppHarness } from '../../testing/index.ts'

const SHOP = { name: 'shop', kind: 'inner' }
const DB = { name: 'db', kind: 'leaf', match: '^db-', comment: 'databases' }

async function setUp() {
  const t = await setUpApp()
  const make = async (parent: string, body: object) => {
    const answer = await t.api(`POST /namespaces${parent}`, { body })
    if (answer.status !== 201) throw new Error(answer.text)
    return answer
  }
  return Object.assign(t, { make })
}

const at = async (t: AppHarness, path: string) => (await t.api(`GET /namespaces${path}`)).body

describe('a namespace', () => {
  test('is made below the root or another, and says where it is', async () => {
    await using t = await setUp()
    const shop = await t.make('', SHOP)
    expect(shop.headers).toMatchObject({
      location: '/registry/v1/namespaces/shop',
      'x-rollcall-revision': '1',
    })
    expect(shop.body).toEqual({
      id: expect.any(String),
      path: 'shop',
      name: 'shop',
      kind: 'inner',
      match: null,
      comment: '',
      revision: 1,
    })
    const db = await t.make('/shop', DB)
    expect(db.headers['location']).toBe('/registry/v1/namespaces/shop/db')
    expect(db.body).toMatchObject({ path: 'shop/db', match: '^db-', comment: 'databases' })
  })

  test('is read by its path, with slashes as they are or encoded', async () => {
    await using t = await setUp()
    await t.make('', SHOP)
    const { body } = await t.make('/shop', DB)
    for (const path of ['/shop/db', '/shop%2Fdb', '/shop%2fdb?depth=0']) {
      const answer = await t.api(`GET /namespaces${path}`)
      expect([answer.status, answer.body]).toEqual([200, { ...body, children: [], resources: {} }])
      expect(answer.headers['x-rollcall-revision']).toBe('2')
    }
  })

  test('keeps its id, and takes along what is below, when it is renamed and moved', async () => {
    await using t = await setUp()
    await t.make('', SHOP)
    await t.make('', { name: 'old', kind: 'inner' })
    const { body: made } = await t.make('/shop', DB)
    const moved = await t.api('PATCH /namespaces/shop', { body: { name: 'store', parent: 'old' } })
    expect(moved.body).toMatchObject({ path: 'old/store', name: 'store' })
    expect(moved.headers['x-rollcall-revision']).toBe(String(moved.body['revision']))
    expect(await at(t, '/old/store/db')).toMatchObject({ id: made['id'], comment: 'databases' })
    expect((await t.api('GET /namespaces/shop')).body['code']).toBe('namespace_not_found')
    const back = await t.api('PATCH /namespaces/old%2Fstore', { body: { parent: '' } })
    expect(back.body).toMatchObject({ path: 'store' })
  })

  test('changes what is said of it, only if nobody else did meanwhile', async () => {
    await using t = await setUp()
    const { body } = await t.make('', DB)
    const patch = (body: object) => t.api('PATCH /namespaces/db', { body })
    const first = await patch({ match: null, ifRevision: body['revision'] })
    expect(first.body).toMatchObject({ match: null, comment: 'databases' })
    const second = await patch({ comment: 'mine', ifRevision: body['revision'] })
    expect([second.status, second.body['code']]).toEqual([409, 'revision_conflict'])
  })

  test('is deleted', async () => {
    await using t = await setUp()
    await t.make('', DB)
    const gone = await t.api('DELETE /namespaces/db')
    expect([gone.status, gone.text, gone.headers['x-rollcall-revision']]).toEqual([204, '', '2'])
    expect((await t.api('DELETE /namespaces/db')).status).toBe(404)
  })
})

describe('the tree', () => {
  test('begins at the root, one level deep unless more is asked for', async () => {
    await using t = await setUp()
    await t.make('', SHOP)
    await t.make('/shop', DB)
    const root = await at(t, '')
    expect(root).toMatchObject({ path: '', name: 'root', kind: 'inner', id: '0' })
    expect(root['children']).toMatchObject([{ path: 'pool' }, { path: 'shop', children: [] }])
    expect(await at(t, '/')).toEqual(root)
    expect((await at(t, '?depth=0'))['children']).toEqual([])
    expect((await at(t, '?depth=2'))['children']).toMatchObject([
      { path: 'pool' },
      { path: 'shop', children: [{ path: 'shop/db', children: [] }] },
    ])
  })

  test('may be read as it was after a write elsewhere', async () => {
    await using t = await setUp()
    await t.make('', SHOP)
    const answer = await t.api('GET /namespaces?consistency=linearizable', {
      headers: { 'x-rollcall-min-revision': '1' },
    })
    expect([answer.status, answer.headers['x-rollcall-revision']]).toEqual([200, '1'])
  })
})

test('a repeated request is answered as the first was, and done once', async () => {
  await using t = await setUp()
  const create = (body: object) =>
    t.api('POST /namespaces', { body, headers: { 'idempotency-key': 'k1' } })
  const [first, second] = [await create(SHOP), await create(SHOP)]
  expect([second.status, second.body]).toEqual([201, first.body])
  expect(second.headers['x-rollcall-revision']).toBe(first.headers['x-rollcall-revision'])
  const other = await create(DB)
  expect([other.status, other.body['code']]).toEqual([409, 'idempotency_conflict'])
})
