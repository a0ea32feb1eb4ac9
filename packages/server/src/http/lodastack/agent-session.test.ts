/**
 * What an agent of lodastack does from its start on, step by step.
 */

import { expect, test } from 'vitest'
import { setUpLodastack, done } from './testing/calls.ts'

const OK = { status: 200, data: null, msg: 'success' }

function reportOf(hostname: string, more: object = {}) {
  return {
    uuid: null,
    sn: 'SN1',
    newiplist: ['10.0.0.1', '10.0.0.2'],
    oldiplist: ['10.0.0.1', '10.0.0.2'],
    ns: null,
    version: '0.2.1',
    commit: 'abc',
    branch: 'master',
    buildtime: '2017-10-10',
    goversion: 'go1.9',
    newhostname: hostname,
    oldhostname: '',
    agenttype: 'linux',
    update: false,
    utime: '0001-01-01T00:00:00Z',
    ...more,
  }
}

async function setUpAgent() {
  const s = await setUpLodastack()
  await s.grow(['p.loda', 1], ['web.p.loda', 0, '^web-'], ['all.p.loda', 0, 'web-1'])
  await s.add('web.p.loda', 'collect', { name: 'cpu', measurement_type: 'CPU', interval: '10' })
  const boot = () => s.register({ hostname: 'web-1', ip: '10.0.0.1,10.0.0.2', sn: 'SN1' })
  return { ...s, boot, report: (body: unknown) => s.json('POST /agent/report', body) }
}

test('it registers by rule, and is told the same whenever it asks again', async () => {
  await using s = await setUpAgent()
  const places = await s.boot()
  expect(Object.keys(places).sort()).toEqual(['all.p.loda', 'web.p.loda'])
  expect(await s.boot()).toEqual(places)
  expect(await s.list('web.p.loda', 'machine')).toEqual([
    {
      _id: places['web.p.loda'],
      hostname: 'web-1',
      ip: '10.0.0.1,10.0.0.2',
      sn: 'SN1',
      status: 'online',
    },
  ])
})

test('who is known already is not edited by asking', async () => {
  await using s = await setUpAgent()
  await s.boot()
  await s.register({ hostname: 'web-1', ip: '192.0.2.1', status: 'offline' })
  const [machine] = await s.list('web.p.loda', 'machine')
  expect(machine).toMatchObject({ ip: '10.0.0.1,10.0.0.2', status: 'online' })
})

test('it may call its addresses as the documentation does, and say what it likes', async () => {
  await using s = await setUpAgent()
  await s.register({ hostname: 'db-1', ips: '192.0.2.1', status: 'off', rack: '7' })
  const [machine] = await s.list('pool.loda', 'machine')
  expect(machine).toMatchObject({ ip: '192.0.2.1', status: 'off', rack: '7' })
  expect(machine).not.toHaveProperty('ips')
})

test('it learns what to collect in each namespace', async () => {
  await using s = await setUpAgent()
  for (const ns of Object.keys(await s.boot())) {
    const { data } = await s.query('GET /agent/resource', { ns, type: 'collect' })
    const collects = ns === 'web.p.loda' ? [expect.objectContaining({ name: 'cpu' })] : []
    expect(data).toEqual(collects)
  }
})

test('its report shows with its namespaces, and as an instance for everybody', async () => {
  await using s = await setUpAgent()
  const places = await s.boot()
  expect(await s.report(reportOf('web-1'))).toEqual(OK)
  const at = new Date(s.t.clock.wallMs()).toISOString()
  const { data } = await s.query('GET /agents')
  const shown = {
    ...reportOf('web-1', { utime: at }),
    uuid: expect.arrayContaining(Object.values(places)),
    ns: expect.arrayContaining(Object.keys(places)),
  }
  expect(data).toEqual({ 'web-1': shown })
  expect((await s.query('GET /agent', { ip: '10.0.0.2' })).data).toEqual(shown)
  expect((await s.query('GET /agent', { ns: 'p.loda' })).data).toEqual({ 'web-1': shown })
  expect((await s.query('GET /agent', { ns: 'pool.loda' })).data).toEqual({})
  expect((await s.query('GET /agent', { ip: '192.0.2.9' })).status).toBe(404)

  const { body } = await s.t.api('GET /services/infra.machine/instances/web-1')
  expect(body).toMatchObject({ status: 'up', hostname: 'web-1', ttlMs: 1_800_000 })
})

test('it is there for half an hour after a report, and after each question', async () => {
  await using s = await setUpAgent()
  await s.boot()
  await s.report(reportOf('web-1'))
  s.t.run(29 * 60_000)
  await s.boot()
  s.t.run(29 * 60_000)
  expect(Object.keys(done(await s.query('GET /agents')) as object)).toEqual(['web-1'])
  s.t.run(2 * 60_000)
  expect(done(await s.query('GET /agents'))).toEqual({})
})

test('asking alone does not make it report', async () => {
  await using s = await setUpAgent()
  await s.boot()
  expect(done(await s.query('GET /agents'))).toEqual({})
})

test('its machine gets another name and other addresses wherever it is', async () => {
  await using s = await setUpAgent()
  const places = await s.boot()
  await s.report(reportOf('web-1'))
  const changed = {
    oldhostname: 'web-1',
    newiplist: ['10.0.0.9'],
    update: true,
  }
  expect(await s.report(reportOf('web-9', changed))).toEqual(OK)
  for (const [ns, id] of Object.entries(places)) {
    expect(await s.list(ns, 'machine')).toEqual([
      expect.objectContaining({ _id: id, hostname: 'web-9', ip: '10.0.0.9' }),
    ])
  }
  const reports = done(await s.query('GET /agents')) as Record<string, unknown>
  expect(Object.keys(reports)).toEqual(['web-9'])
  expect(reports['web-9']).toMatchObject({ ...changed, uuid: expect.any(Array) })
  // Its answer was lost, so it says the same again.
  expect(await s.report(reportOf('web-9', changed))).toEqual(OK)
  expect(await s.register({ hostname: 'web-9' })).toEqual(places)
})

test('two names are enough for a rename, as the documentation has it', async () => {
  await using s = await setUpAgent()
  const places = await s.boot()
  const told = await s.json('PUT /agent/report', { newhostname: 'web-9', oldhostname: 'web-1' })
  expect(told).toEqual(OK)
  expect(await s.register({ hostname: 'web-9' })).toEqual(places)
  expect(await s.search({ ns: 'loda', type: 'machine', v: 'web-1' })).toEqual({})
})

test('only addresses may have changed', async () => {
  await using s = await setUpAgent()
  await s.boot()
  await s.report(reportOf('web-1', { update: true, newiplist: ['10.0.0.9'] }))
  const [machine] = await s.list('web.p.loda', 'machine')
  expect(machine).toMatchObject({ hostname: 'web-1', ip: '10.0.0.9' })
  // It does not know the old ones, so nobody knows whether these are others.
  await s.report(reportOf('web-1', { update: true, oldiplist: [], newiplist: ['10.0.0.8'] }))
  expect((await s.list('web.p.loda', 'machine'))[0]).toMatchObject({ ip: '10.0.0.9' })
})

test('a machine with another serial number keeps its name', async () => {
  await using s = await setUpAgent()
  await s.add('pool.loda', 'machine', { hostname: 'db-1', sn: 'SN2' })
  await s.grow(['q.loda', 0])
  await s.add('q.loda', 'machine', { hostname: 'db-1' })
  const told = await s.report(reportOf('db-2', { oldhostname: 'db-1', update: true }))
  expect(told).toEqual(OK)
  expect(await s.list('pool.loda', 'machine')).toMatchObject([{ hostname: 'db-1' }])
  expect(await s.list('q.loda', 'machine')).toMatchObject([{ hostname: 'db-2' }])

  // All rows of that name are of another machine: nothing to do, and nothing wrong.
  expect(await s.report(reportOf('db-3', { oldhostname: 'db-1', update: true }))).toEqual(OK)
  expect(await s.list('pool.loda', 'machine')).toMatchObject([{ hostname: 'db-1' }])
})

test('a machine that somebody has put into another zone stays there', async () => {
  await using s = await setUpAgent()
  await s.boot()
  const elsewhere = { service: 'infra.machine', zone: 'z2', id: 'web-1' }
  s.t.register(elsewhere, { addresses: [], tags: ['lodastack'], ttlMs: 1_800_000 })
  expect(await s.report(reportOf('web-1'))).toEqual(OK)
  const { body } = await s.t.api('GET /services/infra.machine')
  expect(body).toMatchObject({ instances: [{ id: 'web-1', zone: 'z2' }] })
  // Nothing is left that would bring the old name back into the tree.
  const renamed = { oldhostname: 'web-1', update: true }
  expect(await s.report(reportOf('web-9', renamed))).toEqual(OK)
  expect(Object.keys(done(await s.query('GET /agents')) as object)).toEqual(['web-9'])
})

test('of a hostname in several zones the newest report is shown, once', async () => {
  await using s = await setUpAgent()
  for (const [zone, utime] of [
    ['z2', '2026-02-02T00:00:00.000Z'],
    ['z3', '2026-01-01T00:00:00.000Z'],
  ] as const) {
    const facts = { addresses: [], tags: ['lodastack'], metadata: { utime } }
    s.t.register({ service: 'infra.machine', zone, id: 'web-1' }, facts)
  }
  const { text } = await s.t.ask('GET /api/v1/agents')
  expect(text.match(/"utime":"[^"]*"/g)).toEqual(['"utime":"2026-02-02T00:00:00.000Z"'])
  expect(await s.report(reportOf('web-1'))).toEqual(OK)
})

test('what was copied from a machine takes neither its name nor its report away', async () => {
  await using s = await setUpAgent()
  await s.boot()
  await s.report(reportOf('web-1'))
  const copy = { oldhostname: 'web-1', sn: 'SN2', update: true }
  expect(await s.report(reportOf('web-2', copy))).toEqual(OK)
  expect(Object.keys(done(await s.query('GET /agents')) as object).sort()).toEqual([
    'web-1',
    'web-2',
  ])
  expect(await s.list('web.p.loda', 'machine')).toMatchObject([{ hostname: 'web-1' }])
})

test('of very many addresses it shows the first, and the tree has all', async () => {
  await using s = await setUpAgent()
  await s.boot()
  const ips = (net: string) =>
    Array.from({ length: 100 }, (_, at) => `2001:0db8:0000:0000:0000:0000:${net}:${1_000 + at}`)
  const lists = { update: true, oldiplist: ips('0001'), newiplist: ips('0002') }
  expect(await s.report(reportOf('web-1', lists))).toEqual(OK)
  const [machine] = await s.list('web.p.loda', 'machine')
  expect(machine?.['ip']).toBe(lists.newiplist.join(','))
  const { data } = await s.query('GET /agent', { ip: lists.newiplist[0] ?? '' })
  const { newiplist } = data as { newiplist: string[] }
  expect(newiplist).toEqual(lists.newiplist.slice(0, newiplist.length))
})

test.each([{ oldhostname: '' }, { oldhostname: undefined }, { oldhostname: null }])(
  'its report names no old hostname as long as it has the same: %o',
  async (old) => {
    await using s = await setUpAgent()
    await s.boot()
    expect(await s.report(reportOf('web-1', old))).toEqual(OK)
    expect(done(await s.query('GET /agents'))).toMatchObject({ 'web-1': { oldhostname: '' } })

    const moved = { ...old, newiplist: ['10.0.0.9'], update: true }
    expect(await s.report(reportOf('web-1', moved))).toEqual(OK)
    for (const ns of ['web.p.loda', 'all.p.loda']) {
      expect(await s.list(ns, 'machine')).toMatchObject([{ hostname: 'web-1', ip: '10.0.0.9' }])
    }
  },
)

test('a machine that nobody knows cannot be renamed, and is not there', async () => {
  await using s = await setUpAgent()
  const told = await s.report(reportOf('new', { oldhostname: 'old', update: true }))
  expect(told).toMatchObject({ status: 404, msg: expect.stringMatching(/^machine not found/) })
  expect(done(await s.query('GET /agents'))).toEqual({})
})

test('beside another agent it says what it knows, and the other has the say', async () => {
  await using s = await setUpAgent()
  const facts = { addresses: [], hostname: 'web-1', ttlMs: 90_000, tags: ['agent'] }
  s.t.register({ service: 'infra.machine', id: 'web-1' }, facts)
  await s.boot()
  expect(await s.report(reportOf('web-1'))).toEqual(OK)
  const { body } = await s.t.api('GET /services/infra.machine/instances/web-1')
  expect(body).toMatchObject({ ttlMs: 90_000, tags: ['agent'], metadata: { version: '0.2.1' } })
  expect(done(await s.query('GET /agents'))).toMatchObject({ 'web-1': { version: '0.2.1' } })
})

test.each<[string, unknown, string]>([
  ['no new name', reportOf('a', { newhostname: '' }), 'newhostname is missing.'],
  ['a name that is none', reportOf('a b'), 'newhostname must be a hostname of 1 to 128'],
  ['an old name that is none', reportOf('a', { oldhostname: 'b c' }), 'oldhostname must be'],
  ['a part that is empty', reportOf('a..b'), 'without ".."'],
  ['addresses that are none', reportOf('a', { newiplist: 'x' }), 'newiplist must be a list'],
  ['no object', [], 'The body must be a JSON object.'],
])('a report with %s is refused', async (_what, body, msg) => {
  await using s = await setUpAgent()
  const said = expect.stringContaining(msg)
  expect(await s.report(body)).toEqual({ status: 400, data: null, msg: said })
})

test.each<[string, unknown, string]>([
  ['no hostname', { ip: '1' }, 'hostname is missing.'],
  ['nothing', undefined, 'hostname is missing.'],
  ['an empty one', { hostname: '' }, 'hostname is missing.'],
  ['a value that is no text', { hostname: 'a', cores: 4 }, 'texts; "cores" is none.'],
  ['no object', 'a', 'body must be a flat object'],
])('a machine with %s is refused', async (_what, body, msg) => {
  await using s = await setUpAgent()
  const said = expect.stringContaining(msg)
  expect(await s.json('POST /agent/ns', body)).toEqual({ status: 400, data: null, msg: said })
})
