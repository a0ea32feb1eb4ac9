import { expect, test } from 'vitest'
import { setUpLodastack, type Fields } from './testing/calls.ts'

const OK = { status: 200, data: null, msg: 'success' }

async function setUpTree() {
  const s = await setUpLodastack()
  await s.grow(['a.loda', 0], ['b.loda', 0])
  await s.add('a.loda', 'machine', { hostname: 'h1' })
  await s.add('b.loda', 'machine', { hostname: 'h1' })
  await s.add('b.loda', 'machine', { hostname: 'h2' })
  return s
}

function machine(resourceid: string, update: Fields) {
  return { type: 'machine', resourceid, update }
}

test.each(['/resource/list', '/machine/status'])(
  '%s changes machines by hostname, in every namespace',
  async (path) => {
    await using s = await setUpTree()
    const list = [
      machine('h1', { status: 'offline', sleep: '1700000000' }),
      machine('h2', { status: 'offline' }),
    ]
    expect(await s.json(`PUT ${path}`, list)).toEqual(OK)
    expect(await s.search({ ns: 'loda', type: 'machine', k: 'status', v: 'offline' })).toEqual({
      'a.loda': [expect.objectContaining({ hostname: 'h1', sleep: '1700000000' })],
      'b.loda': [
        expect.objectContaining({ hostname: 'h1' }),
        expect.objectContaining({ hostname: 'h2' }),
      ],
    })
  },
)

test('other types are changed by id', async () => {
  await using s = await setUpTree()
  const one = await s.add('a.loda', 'collect', { name: 'cpu' })
  const two = await s.add('b.loda', 'collect', { name: 'mem' })
  const item = (ns: string, resourceid: string) => ({
    ns,
    type: 'collect',
    resourceid,
    update: { interval: '60' },
  })
  expect(await s.json('PUT /resource/list', [item('a.loda', one), item('b.loda', two)])).toEqual(OK)
  expect(await s.list('loda', 'collect')).toMatchObject([
    { name: 'cpu', interval: '60' },
    { name: 'mem', interval: '60' },
  ])
})

test('nothing is changed unless everything can be', async () => {
  await using s = await setUpTree()
  const list = [machine('h1', { status: 'offline' }), machine('none', { status: 'offline' })]
  const told = await s.json('PUT /resource/list', list)
  expect(told).toMatchObject({ status: 404, msg: expect.stringMatching(/^machine not found/) })
  expect(await s.search({ ns: 'loda', type: 'machine', v: 'offline' })).toEqual({})
})

test('machines are deleted by hostname everywhere, or by id in one namespace', async () => {
  await using s = await setUpTree()
  const [inA] = await s.list('a.loda', 'machine')
  const [, h2] = await s.list('b.loda', 'machine')
  const byId = { ns: 'b.loda', type: 'machine', resourceid: h2?.['_id'] }
  expect(await s.json('DELETE /resource/list', [byId])).toEqual(OK)
  expect(await s.list('loda', 'machine')).toMatchObject([{ hostname: 'h1' }, { hostname: 'h1' }])
  const byHost = { ns: '', type: 'machine', resourceid: 'h1' }
  const missing = { ns: 'b.loda', type: 'machine', resourceid: inA?.['_id'] }
  expect(await s.json('DELETE /resource/list', [byHost, missing])).toMatchObject({ status: 404 })
  expect(await s.list('loda', 'machine')).toHaveLength(2)
  expect(await s.json('DELETE /resource/list', [byHost])).toEqual(OK)
  expect(await s.list('loda', 'machine')).toEqual([])
})

test('what a list to delete names twice, or leaves blank, does no harm', async () => {
  await using s = await setUpTree()
  const [inA] = await s.list('a.loda', 'machine')
  const id = inA?.['_id'] ?? ''
  const byId = { ns: 'a.loda', type: 'machine', resourceid: ` ${id}, ,${id}` }
  expect(await s.json('DELETE /resource/list', [byId, byId])).toEqual(OK)
  expect(await s.list('a.loda', 'machine')).toEqual([])
  const byHost = { ns: '', type: 'machine', resourceid: 'h1' }
  expect(await s.json('DELETE /resource/list', [byHost, byHost])).toEqual(OK)
  expect(await s.list('loda', 'machine')).toMatchObject([{ hostname: 'h2' }])
  const none = await s.json('DELETE /resource/list', [{ ...byId, resourceid: ' , ' }])
  expect(none).toEqual({ status: 400, data: null, msg: 'resourceid is missing.' })
})

test.each<[string, unknown]>([
  ['no list', {}],
  ['an empty list', []],
  ['no objects', ['h1']],
  ['two types', [machine('h1', { a: 'b' }), { ...machine('h1', { a: 'b' }), type: 'collect' }]],
  ['no type', [{ resourceid: 'h1', update: { a: 'b' } }]],
  ['no id', [{ type: 'machine', update: { a: 'b' } }]],
  ['nothing to update', [{ type: 'machine', resourceid: 'h1' }]],
])('%s is refused', async (_what, body) => {
  await using s = await setUpTree()
  expect(await s.json('PUT /resource/list', body)).toMatchObject({ status: 400, data: null })
})
