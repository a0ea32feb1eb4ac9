import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asAlarm, asAlarmTemplate, asAlarmUpdate, shownAlarm } from './alarms.ts'
import { setUpLodastack, type Fields } from './testing/calls.ts'

const ALARM: Fields = {
  name: 'idle',
  measurement: 'cpu.idle',
  period: '1m',
  every: '1m',
  trigger: 'threshold',
  expression: '<',
  value: '10',
  level: '2',
  alert: 'mail',
  func: 'mean',
  groups: 'loda.p-dev',
}
const DEFAULTS = { blockstep: '5', maxblocktime: '60', rp: 'loda', enable: 'true' }
const { value: _value, expression: _expression, ...BARE } = ALARM

async function setUpTree() {
  const s = await setUpLodastack()
  await s.grow(['p.loda', 1], ['a.p.loda', 0], ['b.p.loda', 0])
  const only = async (ns: string) => {
    const rows = await s.list(ns, 'alarm')
    expect(rows).toHaveLength(1)
    return rows[0] ?? {}
  }
  return { ...s, only }
}

describe('an alarm that comes in', () => {
  test('gets what was left to be chosen', () => {
    expect(asAlarm(ALARM)).toEqual({ ...ALARM, ...DEFAULTS })
    const chosen = { ...ALARM, blockstep: '10', maxblocktime: '', enable: 'false', rp: 'x' }
    expect(asAlarm(chosen)).toEqual({ ...chosen, maxblocktime: '60' })
    const deadman = { ...BARE, trigger: 'deadman' }
    expect(asAlarm(deadman)).toEqual({ ...deadman, ...DEFAULTS })
  })

  test.each(Object.keys(ALARM))('is refused without %s', (field) => {
    const { [field]: _without, ...rest } = ALARM
    const refusal = expect.objectContaining({ code: 'invalid_argument', details: { field } })
    expect(() => asAlarm(rest)).toThrow(refusal)
    expect(() => asAlarm({ ...ALARM, [field]: '' })).toThrow(refusal)
  })

  test.each(['never', 'Threshold'])('is refused with the trigger %s', (trigger) => {
    const refusal = expect.objectContaining({ details: { field: 'trigger' } })
    expect(() => asAlarm({ ...ALARM, trigger })).toThrow(refusal)
    expect(() => asAlarmUpdate({ trigger })).toThrow(refusal)
  })

  test('lacks nothing after an update', () => {
    expect(asAlarmUpdate({ enable: 'false', where: '' })).toEqual({ enable: 'false', where: '' })
    expect(() => asAlarmUpdate({ groups: '' })).toThrow('groups is missing')
  })

  test('leaves behind what it was told', () => {
    const told = { db: 'collect.x', version: 'x__y', md5: '0' }
    expect(asAlarm({ ...ALARM, ...told })).toEqual(asAlarm(ALARM))
    expect(asAlarmUpdate({ value: '5', ...told })).toEqual({ value: '5' })
    expect(asAlarmTemplate({ name: 'x', ...told })).toEqual({ name: 'x' })
  })
})

describe('a version', () => {
  const shown = (properties: Fields, ns = 'a.p.loda') => shownAlarm({ _id: 'i', ...properties }, ns)

  test('says where the alarm is, and what it measures', () => {
    const { db, version, md5 } = shown(ALARM)
    expect(db).toBe('collect.a.p.loda')
    expect(md5).toMatch(/^[0-9a-f]{32}$/)
    expect(version).toBe(`a.p.loda__cpu.idle__i__${md5}`)
  })

  test('is the same for the same alarm, and another for any other', () => {
    const alarms = fc.dictionary(fc.constantFrom(...Object.keys(ALARM)), fc.string())
    fc.assert(
      fc.property(alarms, alarms, fc.constantFrom('a.p.loda', 'b.p.loda'), (one, other, ns) => {
        const reversed = Object.fromEntries(Object.entries(one).reverse())
        expect(shown(reversed)).toEqual(shown(one))
        const isSame = shown(one, ns)['version'] === shown(other)['version']
        const [known, besides] = [{ ...shown(one, ns) }, { ...shown(other) }]
        for (const alarm of [known, besides]) for (const of of ['version', 'md5']) delete alarm[of]
        expect(isSame).toBe(JSON.stringify(sorted(known)) === JSON.stringify(sorted(besides)))
      }),
    )
  })

  test('follows every change: of the alarm, of its place, of its name', async () => {
    await using s = await setUpTree()
    const id = await s.add('a.p.loda', 'alarm', ALARM)
    const seen = new Set<string | undefined>()
    const next = async (ns: string) => {
      const alarm = await s.only(ns)
      expect(seen.has(alarm['version'])).toBe(false)
      seen.add(alarm['version'])
      return alarm
    }
    expect(await next('a.p.loda')).toMatchObject({ _id: id, ...ALARM, ...DEFAULTS })
    const update = { enable: 'false', version: 'old' }
    await s.json('PUT /resource', { ns: 'a.p.loda', type: 'alarm', resourceid: id, update })
    expect(await next('a.p.loda')).toMatchObject({ enable: 'false' })
    const many = [{ ns: 'a.p.loda', type: 'alarm', resourceid: id, update: { value: '5' } }]
    expect(await s.json('PUT /resource/list', many)).toMatchObject({ status: 200 })
    expect(await next('a.p.loda')).toMatchObject({ value: '5' })
    const move = { from: 'a.p.loda', to: 'b.p.loda', type: 'alarm', resourceid: id }
    await s.form('PUT /resource/move', move)
    expect(await next('b.p.loda')).toMatchObject({ db: 'collect.b.p.loda' })
    await s.form('PUT /ns', { ns: 'p.loda', name: 'shop' })
    const { version } = await next('b.shop.loda')
    const found = await s.search({ ns: 'loda', type: 'alarm', k: 'name', v: 'idle' })
    expect(found).toMatchObject({ 'b.shop.loda': [{ version, db: 'collect.b.shop.loda' }] })
    const { data } = await s.query('GET /alarm/resource', { ns: 'loda', type: 'alarm' })
    expect(data).toMatchObject([{ version }])
  })
})

test('whoever sends back the alarms that it got changes nothing', async () => {
  await using s = await setUpTree()
  await s.add('a.p.loda', 'alarm', ALARM)
  const before = await s.list('a.p.loda', 'alarm')
  const set = { ns: 'a.p.loda', type: 'alarm', resourcelist: before }
  expect(await s.json('POST /resource', set)).toMatchObject({ status: 200 })
  expect(await s.list('a.p.loda', 'alarm')).toEqual(before)
  const refused = await s.json('POST /resource', { ...set, resourcelist: [{ name: 'x' }] })
  expect(refused).toMatchObject({ status: 400, msg: expect.stringContaining('measurement') })
})

test("a copy of a template alarms its own namespace's operators", async () => {
  await using s = await setUpTree()
  const set = { ns: 'p.loda', type: '_template_alarm', resourcelist: [ALARM] }
  expect(await s.json('POST /resource', set)).toMatchObject({ status: 200 })
  const [template = {}] = await s.list('p.loda', '_template_alarm')
  expect(template).toEqual({ ...ALARM, _id: template['_id'], groups: '' })
  const one = { ns: 'p.loda', type: '_template_alarm', resourceid: template['_id'] }
  const update = { groups: 'loda.p-dev', value: '20' }
  expect(await s.json('PUT /resource', { ...one, update })).toMatchObject({ status: 200 })
  expect(await s.list('p.loda', '_template_alarm')).toEqual([{ ...template, value: '20' }])
  await s.grow(['c.p.loda', 0])
  const copy = await s.only('c.p.loda')
  expect(copy).toMatchObject({ db: 'collect.c.p.loda', groups: 'loda.p.c-op' })
  expect(copy['version']).toContain(`__${copy['_id']}__`)
})

function sorted(alarm: Fields): unknown {
  return Object.entries(alarm).sort(([a], [b]) => (a < b ? -1 : 1))
}

test('an update is refused after which an alarm would lack something', async () => {
  await using s = await setUpTree()
  const resourceid = await s.add('a.p.loda', 'alarm', ALARM)
  const before = await s.list('a.p.loda', 'alarm')
  const one = { ns: 'a.p.loda', type: 'alarm', resourceid }
  for (const update of [{ groups: '' }, { trigger: 'never' }, { version: 'old' }]) {
    expect(await s.json('PUT /resource', { ...one, update })).toMatchObject({ status: 400 })
    expect(await s.json('PUT /resource/list', [{ ...one, update }])).toMatchObject({ status: 400 })
  }
  expect(await s.list('a.p.loda', 'alarm')).toEqual(before)
})
