import { describe, expect, test } from 'vitest'
import { setUpLodastack } from './testing/calls.ts'

const OK = { status: 200, data: null, msg: 'success' }

async function setUpTree() {
  const s = await setUpLodastack()
  await s.grow(['p.loda', 1], ['a.p.loda', 0], ['b.p.loda', 0])
  return s
}

const asKept = (given: object) => ({ ...given, _id: expect.any(String) })

describe('set', () => {
  test('replaces all, and keeps the ids that it is given', async () => {
    await using s = await setUpTree()
    const set = (...resourcelist: object[]) =>
      s.json('POST /resource', { ns: 'a.p.loda', type: 'machine', resourcelist })
    expect(await set({ hostname: 'h1' }, { hostname: 'h2' })).toEqual(OK)
    const before = await s.list('a.p.loda', 'machine')
    expect(before).toEqual([
      { _id: expect.stringMatching(/^[0-9a-f-]{36}$/), hostname: 'h1' },
      { _id: expect.any(String), hostname: 'h2' },
    ])
    const kept = before[1]?.['_id']
    await set({ _id: kept, hostname: 'h2', ip: '1' }, { hostname: 'h3' })
    const after = await s.list('a.p.loda', 'machine')
    expect(after).toHaveLength(2)
    expect(after).toContainEqual({ _id: kept, hostname: 'h2', ip: '1' })
  })

  test('keeps resources of any type, and templates of inner namespaces', async () => {
    await using s = await setUpTree()
    const resourcelist = [{ color: 'red' }]
    await s.json('POST /resource', { ns: 'a.p.loda', type: 'paint', resourcelist })
    expect(await s.list('a.p.loda', 'paint')).toMatchObject([{ color: 'red' }])
    const template = { ns: 'p.loda', type: '_template_alarm', resourcelist: [{ name: 'x' }] }
    expect(await s.json('POST /resource', template)).toEqual(OK)
    expect(await s.list('p.loda', '_template_alarm')).toMatchObject([{ name: 'x' }])
  })

  test.each<[string, unknown, number]>([
    ['no list', { ns: 'a.p.loda', type: 'machine' }, 400],
    ['an empty list', { ns: 'a.p.loda', type: 'machine', resourcelist: [] }, 400],
    ['only an id', { ns: 'a.p.loda', type: 'machine', resourcelist: [{ _id: 'x' }] }, 400],
    ['no flat object', { ns: 'a.p.loda', type: 'machine', resourcelist: [{ a: 1 }] }, 400],
    ['no namespace', { type: 'machine', resourcelist: [{ a: 'b' }] }, 400],
    ['no type', { ns: 'a.p.loda', resourcelist: [{ a: 'b' }] }, 400],
    ['an inner namespace', { ns: 'p.loda', type: 'machine', resourcelist: [{ a: 'b' }] }, 409],
    ['one that is not there', { ns: 'x.loda', type: 'm', resourcelist: [{ a: 'b' }] }, 404],
    ['no object', [1], 400],
    ['no JSON object at all', null, 400],
  ])('refuses %s', async (...[, body, status]) => {
    await using s = await setUpTree()
    expect(await s.json('POST /resource', body)).toMatchObject({ status, data: null })
  })
})

describe('add', () => {
  test('answers the new id, as data and as message, whatever id it is given', async () => {
    await using s = await setUpTree()
    const resource = { _id: 'mine', name: 'cpu' }
    const told = await s.json('POST /resource/add', { ns: 'a.p.loda', type: 'collect', resource })
    expect(told).toEqual({ status: 200, data: told.msg, msg: expect.stringMatching(/^.{36}$/) })
    expect(await s.list('a.p.loda', 'collect')).toEqual([{ _id: told.msg, name: 'cpu' }])
  })

  test('a template is kept as it is given', async () => {
    await using s = await setUpTree()
    const collect = { name: 'nginx', measurement_type: 'PROC' }
    const machine = { hostname: 'h' }
    await s.add('p.loda', '_template_collect', collect)
    await s.add('p.loda', '_template_machine', machine)
    expect(await s.list('p.loda', '_template_collect')).toEqual([asKept(collect)])
    expect(await s.list('p.loda', '_template_machine')).toEqual([asKept(machine)])
  })

  test('a machine without a status is online', async () => {
    await using s = await setUpTree()
    await s.add('a.p.loda', 'machine', { hostname: 'h1' })
    await s.add('a.p.loda', 'machine', { hostname: 'h2', status: '' })
    await s.add('a.p.loda', 'machine', { hostname: 'h3', status: 'offline' })
    const statuses = (await s.list('a.p.loda', 'machine')).map(({ status }) => status)
    expect(statuses).toEqual(['online', 'online', 'offline'])
  })

  test.each([
    ['PROC', { name: 'python2.7' }, 'PROC.python2-7'],
    ['PLUGIN', { name: 'disk-Check1' }, 'PLUGIN.disk-Check1'],
    ['PORT', { name: 'web', port: '80' }, 'PORT.web.80'],
    ['API', { name: 'ping' }, 'API.ping'],
    ['API', { name: 'API.ping' }, 'API.ping'],
    ['CPU', { name: 'cpu.idle' }, 'cpu.idle'],
  ])('a collect of the type %s has it in its name', async (measurement_type, given, name) => {
    await using s = await setUpTree()
    const id = await s.add('a.p.loda', 'collect', { measurement_type, ...given })
    expect(await s.list('a.p.loda', 'collect')).toEqual([
      { _id: id, measurement_type, ...given, name },
    ])
  })

  test.each([
    [{ measurement_type: 'PORT', name: 'web' }, 'port is missing.'],
    [{ measurement_type: 'API', name: 'a.b' }, expect.stringContaining('letters, digits')],
    [{ measurement_type: 'PROC', name: '' }, 'name is missing: every collect has one.'],
  ])('a collect as %j is refused', async (resource, msg) => {
    await using s = await setUpTree()
    const told = await s.json('POST /resource/add', { ns: 'a.p.loda', type: 'collect', resource })
    expect(told).toEqual({ status: 400, data: null, msg })
  })

  test('one key is there once', async () => {
    await using s = await setUpTree()
    const add = () =>
      s.json('POST /resource/add', {
        ns: 'a.p.loda',
        type: 'machine',
        resource: { hostname: 'h' },
      })
    expect((await add()).status).toBe(200)
    const { status, msg } = await add()
    expect([status, msg]).toEqual([400, expect.stringMatching(/^resource already exist/)])
    await s.add('b.p.loda', 'machine', { hostname: 'h' })
    expect(await s.list('p.loda', 'machine')).toHaveLength(2)
  })

  test.each<[string, Readonly<Record<string, string>>]>([
    ['machine', { ip: '1' }],
    ['machine', { hostname: '' }],
    ['collect', { hostname: 'x' }],
    ['machine', {}],
  ])('a %s needs its key: not %j', async (type, resource) => {
    await using s = await setUpTree()
    const told = await s.json('POST /resource/add', { ns: 'a.p.loda', type, resource })
    expect(told).toMatchObject({ status: 400, data: null })
  })
})

describe('update', () => {
  test('merges, and the id stays', async () => {
    await using s = await setUpTree()
    const id = await s.add('a.p.loda', 'machine', { hostname: 'h', ip: '1' })
    const update = { _id: 'other', ip: '2', comment: 'new' }
    const body = { ns: 'a.p.loda', type: 'machine', resourceid: id, update }
    expect(await s.json('PUT /resource', body)).toEqual(OK)
    expect(await s.list('a.p.loda', 'machine')).toEqual([
      { _id: id, hostname: 'h', ip: '2', comment: 'new', status: 'online' },
    ])
  })

  test.each<[string, Readonly<Record<string, unknown>>, number]>([
    ['an id that is not there', { resourceid: 'none', update: { a: 'b' } }, 404],
    ['no id', { update: { a: 'b' } }, 400],
    ['nothing', { resourceid: 'x' }, 400],
    ['the id alone', { resourceid: 'x', update: { _id: 'y' } }, 400],
    ['what is no text', { resourceid: 'x', update: { a: { b: 'c' } } }, 400],
  ])('refuses %s', async (...[, part, status]) => {
    await using s = await setUpTree()
    const told = await s.json('PUT /resource', { ns: 'a.p.loda', type: 'machine', ...part })
    expect(told).toMatchObject({ status, data: null })
  })
})

describe('delete', () => {
  test('takes several ids, or none of them', async () => {
    await using s = await setUpTree()
    const ids: string[] = []
    for (const hostname of ['h1', 'h2', 'h3']) {
      ids.push(await s.add('a.p.loda', 'machine', { hostname }))
    }
    const [one = '', two = ''] = ids
    const remove = (resourceid: string) =>
      s.query('DELETE /resource', { ns: 'a.p.loda', type: 'machine', resourceid })
    expect((await remove(`${one},none`)).status).toBe(404)
    expect(await s.list('a.p.loda', 'machine')).toHaveLength(3)
    expect(await remove(`${one},${two}`)).toEqual(OK)
    expect(await s.list('a.p.loda', 'machine')).toMatchObject([{ hostname: 'h3' }])
    expect((await remove('')).status).toBe(400)
  })

  test('takes several templates', async () => {
    await using s = await setUpTree()
    const one = await s.add('p.loda', '_template_collect', { name: 'a' })
    const two = await s.add('p.loda', '_template_collect', { name: 'b' })
    await s.add('p.loda', '_template_collect', { name: 'c' })
    const fields = { ns: 'p.loda', type: '_template_collect', resourceid: `${one},${two}` }
    expect(await s.query('DELETE /resource', fields)).toEqual(OK)
    expect(await s.list('p.loda', '_template_collect')).toMatchObject([{ name: 'c' }])
  })

  test('collects go by the measurements that come from them', async () => {
    await using s = await setUpTree()
    await s.add('a.p.loda', 'collect', { measurement_type: 'PROC', name: 'nginx' })
    await s.add('a.p.loda', 'collect', { measurement_type: 'PORT', name: 'web', port: '80' })
    await s.add('a.p.loda', 'collect', { measurement_type: 'API', name: 'ping' })
    await s.add('a.p.loda', 'collect', { measurement_type: 'CPU', name: 'cpu' })
    const remove = (measurements: string) =>
      s.query('DELETE /resource/collect', { ns: 'a.p.loda', measurements })
    expect(await remove('PROC.nginx.cpu.idle,PORT.web.80,RUN.API.ping.ms,PLUGIN.none')).toEqual(OK)
    expect(await s.list('a.p.loda', 'collect')).toMatchObject([{ name: 'cpu' }])
    expect((await remove('cpu.idle')).status).toBe(400)
  })
})

describe('move and copy', () => {
  test('a move keeps the ids', async () => {
    await using s = await setUpTree()
    const one = await s.add('a.p.loda', 'machine', { hostname: 'h1' })
    const two = await s.add('a.p.loda', 'machine', { hostname: 'h2' })
    const fields = { from: 'a.p.loda', to: 'b.p.loda', type: 'machine' }
    expect(await s.query('PUT /resource/move', { ...fields, resourceid: `${one},${two}` })).toEqual(
      OK,
    )
    expect(await s.list('a.p.loda', 'machine')).toEqual([])
    expect(await s.list('b.p.loda', 'machine')).toMatchObject([{ _id: one }, { _id: two }])
  })

  test('a copy has an id of its own', async () => {
    await using s = await setUpTree()
    const id = await s.add('a.p.loda', 'collect', { name: 'cpu' })
    const fields = { from: 'a.p.loda', to: 'b.p.loda', type: 'collect', resourceid: id }
    expect(await s.form('PUT /resource/copy', fields)).toEqual(OK)
    const [copy] = await s.list('b.p.loda', 'collect')
    expect(copy).toMatchObject({ name: 'cpu' })
    expect(copy?.['_id']).not.toBe(id)
    expect(await s.list('a.p.loda', 'collect')).toHaveLength(1)
  })

  test.each(['move', 'copy'])('a %s onto a key that is taken does nothing', async (how) => {
    await using s = await setUpTree()
    const one = await s.add('a.p.loda', 'collect', { name: 'cpu' })
    const two = await s.add('a.p.loda', 'collect', { name: 'mem' })
    await s.add('b.p.loda', 'collect', { name: 'mem' })
    const fields = { from: 'a.p.loda', to: 'b.p.loda', type: 'collect' }
    const told = await s.query(`PUT /resource/${how}`, { ...fields, resourceid: `${one},${two}` })
    const msg = expect.stringMatching(/^resource pk already in new ns: .*"mem"/)
    expect(told).toEqual({ status: 409, data: null, msg })
    expect(await s.list('a.p.loda', 'collect')).toHaveLength(2)
    expect(await s.list('b.p.loda', 'collect')).toHaveLength(1)
  })
  test.each(['from', 'to'])('no %s is told by its name', async (field) => {
    await using s = await setUpTree()
    const fields = { from: 'a.p.loda', to: 'b.p.loda', type: 'collect', resourceid: 'x' }
    const told = await s.query('PUT /resource/move', { ...fields, [field]: '' })
    expect(told).toEqual({ status: 400, data: null, msg: `${field} is missing.` })
  })
})
