import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { setUpApp } from '../../testing/index.ts'

async function setUp() {
  const t = await setUpApp()
  const { namespaces, resources } = t.catalog.catalog
  await namespaces.create('', { name: 'shop', kind: 'inner' })
  await namespaces.create('shop', { name: 'db', kind: 'leaf' })
  const rows: [string, string, Record<string, string>][] = [
    ['machine', 'shop/db', { hostname: 'db-1', os: 'linux' }],
    ['machine', 'shop/db', { hostname: 'db-2', os: 'bsd', twin: 'db-1' }],
    ['machine', 'pool', { hostname: 'web-1', os: 'linux' }],
    ['collect', 'shop/db', { name: 'db-1' }],
  ]
  for (const [type, ns, properties] of rows) {
    await resources.add(
      { type, ns },
      { id: `${type}.${properties['hostname'] ?? 'x'}`, properties },
    )
  }
  const search = async (query: string) => {
    const { status, body } = await t.api(`GET /search?${query}`)
    if (status !== 200) throw new Error(JSON.stringify(body))
    const hits = body['hits'] as { id: string; matched: string[] }[]
    return hits.map(({ id, matched }) => `${id}: ${matched.join(',')}`).sort()
  }
  return Object.assign(t, { search })
}

test('finds by any property, with what matched', async () => {
  await using t = await setUp()
  expect(await t.search('q=db-1')).toEqual([
    'collect.x: name',
    'machine.db-1: hostname',
    'machine.db-2: twin',
  ])
  const { body } = await t.api('GET /search?q=web-1')
  expect(body).toEqual({
    hits: [
      {
        id: 'machine.web-1',
        ns: 'pool',
        type: 'machine',
        properties: { hostname: 'web-1', os: 'linux' },
        revision: expect.any(Number),
        matched: ['hostname'],
      },
    ],
    next: null,
    tookMs: expect.any(Number),
    scanned: expect.any(Number),
  })
})

test('is answered in JSON, and packed where it is large and the client takes it so', async () => {
  await using t = await setUp()
  const { resources } = t.catalog.catalog
  const note = '"quoted" \\ é'.repeat(50)
  for (const id of ['one', 'two']) {
    await resources.add({ type: 'note', ns: 'pool' }, { id, properties: { note } })
  }
  const path = 'GET /search?q=é&mode=contains'
  const plain = await t.api(path)
  expect(plain.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(plain.bytes.length),
  })
  expect(plain.body['hits']).toMatchObject([{ properties: { note } }, { properties: { note } }])
  const packed = await t.api(path, { headers: { 'accept-encoding': 'gzip' } })
  expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' })
  const { hits } = JSON.parse(gunzipSync(packed.bytes).toString()) as { hits: unknown }
  expect(hits).toEqual(plain.body['hits'])
})

test('finds by one property, one type, below one namespace', async () => {
  await using t = await setUp()
  expect(await t.search('key=os&value=linux')).toEqual(['machine.db-1: os', 'machine.web-1: os'])
  expect(await t.search('q=db-1&type=collect')).toEqual(['collect.x: name'])
  expect(await t.search('key=os&value=linux&ns=shop')).toEqual(['machine.db-1: os'])
  expect(await t.search('key=_id&value=machine.db-2')).toEqual(['machine.db-2: _id'])
  expect(await t.search('q=nothing')).toEqual([])
  expect(await t.search('key=none&value=db-1')).toEqual([])
})

test.each([
  ['exact', 'db', []],
  ['prefix', 'web', ['machine.web-1: hostname']],
  ['contains', 'inu', ['machine.db-1: os', 'machine.web-1: os']],
  ['regex', '^web-[0-9]$', ['machine.web-1: hostname']],
  [
    'regex',
    'b-1',
    [
      'collect.x: name',
      'machine.db-1: _id,hostname',
      'machine.db-2: twin',
      'machine.web-1: _id,hostname',
    ],
  ],
])('mode %s of %s', async (mode, value, found) => {
  await using t = await setUp()
  expect(await t.search(`q=${encodeURIComponent(value)}&mode=${mode}`)).toEqual(found)
})

test('a mode that is none is refused with those that there are', async () => {
  await using t = await setUp()
  const { body } = await t.api('GET /search?q=a&mode=fuzzy')
  expect(body['detail']).toBe('query.mode must be one of exact, prefix, contains, regex.')
})

test('pages go on where the last ended, and only for the same search', async () => {
  await using t = await setUp()
  const found: string[] = []
  let next: unknown
  let cursor = ''
  do {
    const { body } = await t.api(`GET /search?q=db-1&limit=1${cursor}`)
    for (const { id } of body['hits'] as { id: string }[]) found.push(id)
    next = body['next']
    cursor = `&cursor=${String(next)}`
    if (next === null) break
    const other = await t.api(`GET /search?q=db-2&limit=1${cursor}`)
    expect(other.body['code']).toBe('invalid_argument')
  } while (found.length < 10)
  expect(found.sort()).toEqual(['collect.x', 'machine.db-1', 'machine.db-2'])
})
