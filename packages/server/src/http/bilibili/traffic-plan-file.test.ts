import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { start, silentLog } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { soon } from '../../testing/index.ts'
import { TrafficPlanFile } from './traffic-plan-file.ts'

const KEY = { env: 'e', service: 'a' }

function planOf(weight: number): string {
  const clients = { z: { zones: { z: { weight } } } }
  return JSON.stringify({ appid: 'a', env: 'e', clients })
}

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-plans-'))
  const path = join(folder, 'scheduler.json')
  const said: string[] = []
  const say = (level: string) => (facts: object) => {
    said.push(`${level} ${'why' in facts ? String(facts.why).split(' ', 2).join(' ') : ''}`.trim())
  }
  const log = { ...silentLog, info: say('info'), warn: say('warn') }
  const clock = new FakeClock()
  const file = new TrafficPlanFile({ path, clock, log })
  return {
    path,
    said,
    clock,
    file,
    weight: () => /"weight":(\d+)/.exec(file.plans.get(KEY) ?? '')?.[1],
    /** Replaces the file in one step, as editors and deployments do. */
    async write(text: string) {
      await writeFile(`${path}.new`, text)
      await rename(`${path}.new`, path)
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

test('without a file there are no plans, and nothing is said', async () => {
  await using s = await setUp()
  await s.file.look()
  expect([s.weight(), s.said]).toEqual([undefined, []])
})

test('plans come, change and go with the file', async () => {
  await using s = await setUp()
  await s.write(planOf(1))
  await s.file.look()
  expect(s.weight()).toBe('1')
  await s.file.look()
  await s.write(planOf(2))
  await s.file.look()
  expect(s.weight()).toBe('2')
  await rm(s.path)
  await s.file.look()
  expect([s.weight(), s.said]).toEqual([undefined, ['info', 'info', 'info']])
})

test('a bad file is told once and leaves the last good plans', async () => {
  await using s = await setUp()
  await s.write(planOf(1))
  await s.file.look()
  await s.write('{"appid":"a"}')
  await s.file.look()
  await s.file.look()
  expect([s.weight(), s.said]).toEqual(['1', ['info', 'warn plan 0.env']])
  await s.write(planOf(3))
  await s.file.look()
  expect([s.weight(), s.said.length]).toEqual(['3', 3])
})

test('one that cannot be read is told once too', async () => {
  await using s = await setUp()
  const file = new TrafficPlanFile({
    path: join(s.path, 'below-a-file'),
    clock: s.clock,
    log: { ...silentLog, warn: () => s.said.push('warn') },
  })
  await s.write(planOf(1))
  await file.look()
  await file.look()
  expect(s.said).toEqual(['warn'])
})

test('is looked at when it starts, and every two seconds', async () => {
  await using s = await setUp()
  await s.write(planOf(1))
  const running = start(s.file)
  await soon('the first plan is read', () => s.weight() === '1')
  await s.write(planOf(2))
  await soon('the second plan is read', () => {
    s.clock.advanceNow(2_000)
    return s.weight() === '2'
  })
  await running[Symbol.asyncDispose]()
})
