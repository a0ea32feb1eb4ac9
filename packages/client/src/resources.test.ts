import { expect, test } from 'vitest'
import { RollcallClient } from './index.ts'
import { FarSide, json, problem, queryOf, type Script } from './testing/far-side.ts'

async function setUp(script: Script) {
  const far = await FarSide.open(script)
  const client = new RollcallClient({ servers: [far.url] })
  return {
    far,
    client,
    lines: () => far.seen.map(({ method, target }) => `${method} ${target}`),
    async [Symbol.asyncDispose]() {
      await client.close()
      await far[Symbol.asyncDispose]()
    },
  }
}

const BASE = '/registry/v1'
const namespace = {
  id: 'i1',
  path: 'shop/db',
  name: 'db',
  kind: 'leaf',
  match: null,
  comment: '',
  revision: 3,
}
const row = { id: 'r1', ns: 'shop/db', type: 'machine', properties: { hostname: 'h' }, revision: 4 }

test('namespaces are read, made, changed and deleted by their paths', async () => {
  const tree = { ...namespace, children: [], resources: { machine: 2 } }
  await using s = await setUp(({ method }, response) => {
    if (method === 'DELETE') response.writeHead(204, { 'x-rollcall-revision': '9' }).end()
    else json(response, method === 'POST' ? 201 : 200, method === 'GET' ? tree : namespace)
  })
  const { namespaces } = s.client

  expect(await namespaces.get('shop/db', { depth: 0, consistency: 'linearizable' })).toEqual(tree)
  await namespaces.get('')
  expect(await namespaces.create('', { name: 'shop', kind: 'inner' })).toEqual(namespace)
  expect(await namespaces.change('a b/ü', { parent: '', match: null })).toEqual(namespace)
  expect(await namespaces.delete('shop/db')).toEqual({ deleted: true, revision: 9 })

  expect(s.lines()).toEqual([
    `GET ${BASE}/namespaces/shop/db?depth=0&consistency=linearizable`,
    `GET ${BASE}/namespaces`,
    `POST ${BASE}/namespaces`,
    `PATCH ${BASE}/namespaces/a%20b/%C3%BC`,
    `DELETE ${BASE}/namespaces/shop/db`,
  ])
  expect(s.far.seen.map(({ body }) => body)).toEqual([
    undefined,
    undefined,
    { name: 'shop', kind: 'inner' },
    { parent: '', match: null },
    undefined,
  ])
  const keys = s.far.seen.map(({ headers }) => headers['idempotency-key'] !== undefined)
  expect(keys).toEqual([false, false, true, true, true])
})

test('what is not there is undefined, nothing, or not deleted; other refusals are thrown', async () => {
  await using s = await setUp(({ target }, response) => {
    const code = target.includes('/namespaces') ? 'namespace_not_found' : 'resource_not_found'
    problem(response, 404, { code: target.includes('refused') ? 'not_empty' : code })
  })
  const { namespaces, resources, types } = s.client
  const none = { deleted: false, revision: undefined }

  expect(await namespaces.get('none')).toBeUndefined()
  expect(await namespaces.delete('none')).toEqual(none)
  expect(await resources.rows({ type: 'machine', id: 'x' })).toEqual([])
  expect(await resources.delete({ type: 'machine', id: 'x' })).toEqual(none)
  expect(await types.get('x')).toBeUndefined()
  expect(await types.delete('x')).toEqual(none)
  for (const refused of [namespaces.delete('refused'), types.delete('refused')]) {
    await expect(refused).rejects.toMatchObject({ code: 'not_empty' })
  }
  const merged = resources.merge({ type: 'machine', id: 'x' }, {})
  await expect(merged).rejects.toMatchObject({ code: 'resource_not_found' })
})

test('resources of one place or of all are read and written', async () => {
  await using s = await setUp(({ method, target }, response) => {
    if (method === 'DELETE') response.writeHead(204, { 'x-rollcall-revision': '9' }).end()
    else if (target.includes('/move') || target.includes('/copy')) {
      json(response, 200, { revision: 5, resources: [row] })
    } else if (target.includes('/batch')) json(response, 200, { revision: 5, results: [row] })
    else if (method === 'PUT') json(response, 200, { revision: 5, ids: ['r1'] })
    else json(response, 200, target.includes('ns=') ? row : { resources: [row, row] })
  })
  const { resources } = s.client
  const at = { type: 'machine', id: 'r/1' }
  const place = { type: 'machine', ns: 'shop' }

  expect(await resources.rows({ ...at, ns: '' })).toEqual([row])
  expect(await resources.rows(at)).toEqual([row, row])
  expect(await resources.add(place, { properties: { hostname: 'h' } })).toEqual(row)
  expect(await resources.merge(at, { a: null }, { ifRevision: 4 })).toEqual([row, row])
  expect(await resources.merge({ ...at, ns: 'shop', template: true }, {})).toEqual([row])
  expect(await resources.delete(at)).toEqual({ deleted: true, revision: 9 })
  expect(await resources.replace(place, [], { ifRevision: 0 })).toMatchObject({ ids: ['r1'] })
  const ops = [{ delete: { ns: 'shop', id: 'r1' } }]
  expect(await resources.batch('machine', ops, { template: true })).toMatchObject({ revision: 5 })
  const transfer = { from: 'shop', to: 'bin', ids: ['r1'] }
  expect(await resources.move('machine', transfer)).toMatchObject({ resources: [row] })
  expect(await resources.copy('machine', transfer)).toMatchObject({ resources: [row] })

  expect(s.lines()).toEqual(
    [
      'GET /machine/r%2F1?ns=',
      'GET /machine/r%2F1',
      'POST /machine?ns=shop',
      'PATCH /machine/r%2F1',
      'PATCH /machine/r%2F1?ns=shop&template=1',
      'DELETE /machine/r%2F1',
      'PUT /machine?ns=shop',
      'POST /machine/batch?template=1',
      'POST /machine/move',
      'POST /machine/copy',
    ].map((line) => line.replace(' ', ` ${BASE}/resources`)),
  )
  const bodies = s.far.seen.map(({ body }) => body)
  expect(bodies.slice(2)).toEqual([
    { properties: { hostname: 'h' } },
    { properties: { a: null }, ifRevision: 4 },
    { properties: {} },
    undefined,
    { resources: [], ifRevision: 0 },
    { ops },
    transfer,
    transfer,
  ])
})

test('lists, types and hits are read to their end', async () => {
  const described = { type: 'machine', primaryKey: 'hostname', schema: null, revision: 0 }
  await using s = await setUp((seen, response) => {
    const next = queryOf(seen)['cursor'] === undefined ? 'c' : null
    const hits = [{ ...row, matched: ['hostname'] }]
    json(response, 200, { resources: [row], types: [described], hits, next, tookMs: 1, scanned: 2 })
  })
  const { client } = s
  const all = async (items: AsyncIterable<unknown>) => {
    const found: unknown[] = []
    for await (const item of items) found.push(item)
    return found.length
  }

  expect(await all(client.resources.every({ type: 'machine', ns: 'shop' }))).toBe(2)
  expect(await all(client.types.every())).toBe(2)
  expect(await all(client.everyHit({ value: 'h', key: 'hostname', mode: 'prefix' }))).toBe(2)
  expect(await client.search({ value: 'h', type: 'machine', ns: '', limit: 5 })).toMatchObject({
    next: 'c',
    scanned: 2,
  })

  expect(s.far.seen.map((seen) => queryOf(seen))).toEqual([
    { ns: 'shop', limit: '1000' },
    { ns: 'shop', limit: '1000', cursor: 'c' },
    { limit: '1000' },
    { limit: '1000', cursor: 'c' },
    { key: 'hostname', value: 'h', mode: 'prefix', limit: '1000' },
    { key: 'hostname', value: 'h', mode: 'prefix', limit: '1000', cursor: 'c' },
    { q: 'h', type: 'machine', ns: '', limit: '5' },
  ])
})

test('a type says whether it was described for the first time', async () => {
  const described = { type: 'x', primaryKey: 'name', schema: null, revision: 4 }
  await using s = await setUp((_, response) => {
    json(response, s.far.seen.length === 1 ? 201 : 200, described)
  })
  const put = () => s.client.types.put('x', { primaryKey: 'name' })
  expect(await put()).toEqual({ created: true, described })
  expect(await put()).toEqual({ created: false, described })
})

test('a write whose answer was lost is sent again under its key', async () => {
  await using s = await setUp((_, response) => {
    if (s.far.seen.length === 1) response.destroy()
    else json(response, 201, row)
  })
  const added = await s.client.resources.add({ type: 'machine', ns: 'shop' }, { properties: {} })
  expect(added).toEqual(row)
  const [first, second] = s.far.seen.map(({ headers }) => headers['idempotency-key'])
  expect([first, s.far.seen.length]).toEqual([second, 2])
})
