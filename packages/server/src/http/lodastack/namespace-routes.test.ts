import { describe, expect, test } from 'vitest'
import { setUpLodastack } from './testing/calls.ts'

const OK = { status: 200, data: null, msg: 'success' }

test('a new registry has a root and a pool', async () => {
  await using s = await setUpLodastack()
  const tree = {
    children: [
      {
        children: [],
        id: expect.any(String),
        name: 'pool',
        comment: '',
        type: 0,
        machinereg: '^$',
      },
    ],
    id: '0',
    name: 'loda',
    comment: '',
    type: 1,
    machinereg: '^$',
  }
  expect(await s.query('GET /ns')).toEqual({ status: 200, data: tree, msg: '' })
  expect((await s.query('GET /ns', { ns: 'loda' })).data).toEqual(tree)
})

test('namespaces are made from the query or from a form', async () => {
  await using s = await setUpLodastack()
  const product = { ns: 'loda', name: 'product0', type: '1', comment: 'all of it' }
  expect(await s.query('POST /ns', product)).toEqual(OK)
  const server = { ns: 'product0.loda', name: 'server0', type: '0', machinereg: 'server0' }
  expect(await s.form('POST /ns', server)).toEqual(OK)

  const { data } = await s.query('GET /ns', { ns: 'product0.loda' })
  expect(data).toEqual({
    children: [expect.objectContaining({ name: 'server0', type: 0, machinereg: 'server0' })],
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    name: 'product0',
    comment: 'all of it',
    type: 1,
    machinereg: '^$',
  })
})

test('which machines match may be called as its code or as its documentation calls it', async () => {
  await using s = await setUpLodastack()
  await s.query('POST /ns', { ns: 'loda', name: 'a', type: '0', matchreg: 'by-doc' })
  await s.query('POST /ns', { ns: 'loda', name: 'b', type: '0', machinereg: 'by-code' })
  const regOf = async (ns: string) => (await s.query('GET /ns', { ns })).data
  expect(await regOf('a.loda')).toMatchObject({ machinereg: 'by-doc' })
  expect(await regOf('b.loda')).toMatchObject({ machinereg: 'by-code' })
  await s.query('PUT /ns', { ns: 'a.loda', matchreg: '^$' })
  expect(await regOf('a.loda')).toMatchObject({ machinereg: '^$' })
})

test('a list has the whole names of the leaves, whichever name is asked for', async () => {
  await using s = await setUpLodastack()
  await s.grow(['p.loda', 1], ['s.p.loda', 0], ['t.p.loda', 0], ['q.loda', 1])
  const listOf = async (ns: string) => (await s.query('GET /ns', { ns, format: 'list' })).data
  expect(await listOf('')).toEqual(['s.p.loda', 't.p.loda', 'pool.loda'])
  expect(await listOf('p.loda')).toEqual(['s.p.loda', 't.p.loda'])
  expect(await listOf('s.p.loda')).toEqual(['s.p.loda'])
  expect(await listOf('q.loda')).toEqual([])
})

test('a rename takes the subtree along, and what is empty stays', async () => {
  await using s = await setUpLodastack()
  await s.grow(['p.loda', 1], ['s.p.loda', 0, 'web'])
  const id = await s.add('s.p.loda', 'machine', { hostname: 'web-1' })
  expect(await s.form('PUT /ns', { ns: 'p.loda', name: 'r', comment: 'new' })).toEqual(OK)
  expect(await s.list('s.r.loda', 'machine')).toMatchObject([{ _id: id, hostname: 'web-1' }])
  expect((await s.query('GET /ns', { ns: 's.p.loda' })).status).toBe(404)

  await s.query('PUT /ns', { ns: 's.r.loda', comment: 'front' })
  const { data } = await s.query('GET /ns', { ns: 's.r.loda' })
  expect(data).toMatchObject({ name: 's', machinereg: 'web', comment: 'front' })
})

test('no name gets too long by a rename, also of what is above it', async () => {
  await using s = await setUpLodastack()
  // 56 characters, which is as long as a name may be.
  const longest = `${'a'.repeat(49)}.p.loda`
  await s.grow(['p.loda', 1], [longest, 0])
  const told = await s.query('PUT /ns', { ns: 'p.loda', name: 'pq' })
  expect(told).toMatchObject({ status: 413, msg: expect.stringContaining('56') })
  expect((await s.query('PUT /ns', { ns: longest, name: 'b'.repeat(50) })).status).toBe(413)
  expect(await s.query('PUT /ns', { ns: longest, name: 'b'.repeat(49) })).toEqual(OK)
  expect(await s.query('PUT /ns', { ns: 'p.loda', name: 'q' })).toEqual(OK)
})

test('a new namespace gets the templates of its parent, and no later ones', async () => {
  await using s = await setUpLodastack()
  await s.grow(['p.loda', 1])
  await s.add('p.loda', '_template_collect', { name: 'cpu', interval: '10' })
  await s.grow(['s.p.loda', 0], ['q.p.loda', 1])
  await s.add('p.loda', '_template_collect', { name: 'mem' })
  expect(await s.list('s.p.loda', 'collect')).toMatchObject([{ name: 'cpu', interval: '10' }])
  expect(await s.list('q.p.loda', '_template_collect')).toMatchObject([{ name: 'cpu' }])
})

test('a namespace goes when nothing is in it', async () => {
  await using s = await setUpLodastack()
  await s.grow(['p.loda', 1], ['s.p.loda', 0])
  const id = await s.add('s.p.loda', 'machine', { hostname: 'h' })
  for (const ns of ['p.loda', 's.p.loda']) {
    const { status, msg } = await s.query('DELETE /ns', { ns })
    expect([status, msg]).toEqual([409, expect.stringMatching(/^not allow to be delete/)])
  }
  await s.query('DELETE /resource', { ns: 's.p.loda', type: 'machine', resourceid: id })
  expect(await s.query('DELETE /ns', { ns: 's.p.loda' })).toEqual(OK)
  expect(await s.query('DELETE /ns', { ns: 'p.loda' })).toEqual(OK)
})

describe('refusals', () => {
  test.each<[string, string, Readonly<Record<string, string>>, number]>([
    ['a namespace that is not there', 'GET /ns', { ns: 'none.loda' }, 404],
    ['an empty part', 'GET /ns', { ns: '.loda' }, 404],
    ['an empty part in the middle', 'GET /ns', { ns: 'a..loda' }, 404],
    ['a dot at the end', 'GET /ns', { ns: 'a.loda.' }, 404],
    ['one under another root', 'GET /ns', { ns: 'pool.root' }, 404],
    ['the same, as a list', 'GET /ns', { ns: 'none.loda', format: 'list' }, 404],
    ['no parent', 'POST /ns', { name: 'a', type: '0' }, 400],
    ['a parent that is not there', 'POST /ns', { ns: 'none.loda', name: 'a', type: '0' }, 404],
    ['a leaf as parent', 'POST /ns', { ns: 'pool.loda', name: 'a', type: '0' }, 409],
    ['no name', 'POST /ns', { ns: 'loda', type: '0' }, 400],
    ['a name that is none', 'POST /ns', { ns: 'loda', name: 'A_b', type: '0' }, 400],
    ['a name that is taken', 'POST /ns', { ns: 'loda', name: 'pool', type: '0' }, 409],
    ['no type', 'POST /ns', { ns: 'loda', name: 'a' }, 400],
    ['another type', 'POST /ns', { ns: 'loda', name: 'a', type: '2' }, 400],
    ['too long a name', 'POST /ns', { ns: 'loda', name: 'a'.repeat(52), type: '0' }, 413],
    ['no pattern', 'POST /ns', { ns: 'loda', name: 'a', type: '0', machinereg: '(' }, 400],
    ['another root', 'DELETE /ns', { ns: 'root' }, 404],
    ['to delete the root', 'DELETE /ns', { ns: 'loda' }, 403],
    ['to rename the root', 'PUT /ns', { ns: 'loda', name: 'a' }, 403],
    ['to rename onto another', 'PUT /ns', { ns: 'a.loda', name: 'pool' }, 409],
    ['to change nothing known', 'PUT /ns', { ns: 'none.loda', name: 'b' }, 404],
    ['to change nobody', 'PUT /ns', { name: 'b' }, 400],
  ])('%s', async (...[, line, fields, status]) => {
    await using s = await setUpLodastack()
    await s.grow(['a.loda', 0])
    const told = await s.query(line, fields)
    expect(told).toEqual({ status, data: null, msg: expect.stringMatching(/./) })
  })
})

test('a path of the catalog is no name', async () => {
  await using s = await setUpLodastack()
  await s.grow(['p.loda', 1], ['s.p.loda', 0])
  expect((await s.query('GET /ns', { ns: 'p/s.loda' })).status).toBe(404)
})

test('a refusal calls namespaces as this protocol does, and says what the original says', async () => {
  await using s = await setUpLodastack()
  await s.grow(['p.loda', 1], ['s.p.loda', 0], ['t.p.loda', 0])
  const child = { ns: 's.p.loda', name: 'a', type: '0' }
  expect((await s.query('POST /ns', child)).msg).toBe(
    'can not create node under leaf node: "s.p.loda" is a leaf; only inner namespaces hold others and templates.',
  )
  const twin = { ns: 'p.loda', name: 's', type: '0' }
  expect((await s.query('POST /ns', twin)).msg).toMatch(/^node already exist: .*"s\.p\.loda"/)
  const renamed = { ns: 't.p.loda', name: 's' }
  expect((await s.query('PUT /ns', renamed)).msg).toMatch(/^node already exist: .*"s\.p\.loda"/)
  expect((await s.query('DELETE /ns', { ns: 'p.loda' })).msg).toMatch(
    /^not allow to be delete: "p\.loda"/,
  )
  expect((await s.query('GET /ns', { ns: 'none.p.loda' })).msg).toMatch(/"none\.p\.loda"/)
})
