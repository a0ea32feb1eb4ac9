import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { done, setUpLodastack, type Fields } from './testing/calls.ts'

interface Templates {
  readonly ns: string
  readonly type: string
  readonly resourcelist: readonly Fields[]
}

const COLLECTS = readTemplates('collects')
const ALARMS = readTemplates('alarms')

test('what docs/reference offers to begin with comes into each leaf that is created', async () => {
  await using s = await setUpLodastack()
  for (const templates of [COLLECTS, ALARMS]) done(await s.json('POST /resource', templates))
  await s.grow(['p.loda', 1], ['web.p.loda', 0])
  const collects = await s.list('web.p.loda', 'collect')
  expect(byName(collects.map(withoutId))).toEqual(byName(COLLECTS.resourcelist))
  const alarms = await s.list('web.p.loda', 'alarm')
  expect(byName(alarms)).toMatchObject(byName(ALARMS.resourcelist))
  for (const alarm of alarms) {
    expect(alarm).toMatchObject({ db: 'collect.web.p.loda', groups: 'loda.p.web-op' })
    // Templates get no defaults, and who evaluates an alarm takes one without these for switched off.
    expect(alarm).toMatchObject({ enable: 'true', rp: 'loda' })
    // Whole as it is: written back, it lacks nothing that an alarm needs.
    done(await s.json('POST /resource', { ns: 'web.p.loda', type: 'alarm', resourcelist: [alarm] }))
  }
})

test('each of its alarms is on a measurement that is collected', () => {
  const collected = new Set(COLLECTS.resourcelist.map(({ name }) => name))
  expect(collected.size).toBe(COLLECTS.resourcelist.length)
  const without = ALARMS.resourcelist.filter(({ measurement }) => !collected.has(measurement))
  expect(without).toEqual([])
})

function readTemplates(what: string): Templates {
  const url = new URL(`../../../../../docs/reference/lodastack-${what}.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')) as Templates
}

function byName(rows: readonly Fields[]): readonly Fields[] {
  return rows.toSorted((one, other) => ((one['name'] ?? '') < (other['name'] ?? '') ? -1 : 1))
}

function withoutId({ _id, ...rest }: Fields): Fields {
  return rest
}
