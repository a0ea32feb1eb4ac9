import { silentLog, start } from '@rollcall/runtime'
import { afterEach, describe, expect, test } from 'vitest'
import { setUpCatalog } from '../testing/catalog-harness.ts'
import { setUpPlane } from '../testing/index.ts'
import { MachinePresence, type MachinePresenceSettings } from './machine-presence.ts'

const MINUTE_MS = 60_000
const SETTINGS: MachinePresenceSettings = {
  presence: true,
  register: true,
  deadAfterMs: 10 * MINUTE_MS,
  removeAfterMs: undefined,
  graceMs: 30 * MINUTE_MS,
}
const FACTS = { addresses: [], tags: ['agent'], metadata: { addresses: '10.0.0.1,10.0.0.2' } }

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

/** An instance plane and a catalog on one clock, with the bridge between them. */
async function setUp(settings: Partial<MachinePresenceSettings> = {}) {
  const { plane, clock } = setUpPlane()
  const { catalog, engine, another, ...rest } = await setUpCatalog({ clock })
  opened.push(rest, start(plane))
  const hearing = { is: true }
  const follow = (of = catalog, instances = plane) => {
    const presence = new MachinePresence({
      instances,
      catalog: of,
      isHearing: () => hearing.is,
      settings: { ...SETTINGS, ...settings },
      clock,
      log: silentLog,
    })
    const running = start(presence)
    opened.push(running)
    return { presence, running }
  }
  const ref = (id: string) => ({ env: 'default', service: 'infra.machine', id })
  const beat = (...ids: readonly string[]) => {
    for (const id of ids) {
      plane.register({ ref: ref(id), facts: { ...FACTS, hostname: id, ttlMs: 90_000 } })
    }
  }
  return {
    plane,
    clock,
    catalog,
    engine,
    another,
    hearing,
    follow,
    beat,
    cancel: (id: string) => {
      plane.cancel(ref(id))
    },
    /** Has time pass while these renew every 30 s. */
    async pass(ms: number, ...ids: readonly string[]) {
      for (let left = ms; left > 0; left -= 30_000) {
        beat(...ids)
        await clock.advance(Math.min(left, 30_000))
      }
    },
    rows: (hostname: string) => catalog.machines.find(hostname).map(({ properties }) => properties),
    statuses: (hostname: string) =>
      catalog.machines.find(hostname).map(({ properties }) => properties['status']),
    add: (ns: string, properties: Readonly<Record<string, string>>) =>
      catalog.resources.add({ type: 'machine', ns }, { properties }),
    revision: () => catalog.status().revision,
    /** What so many machines have as their status. */
    tally(hostnames: readonly string[]): Record<string, number> {
      const tally: Record<string, number> = {}
      for (const hostname of hostnames) {
        const [{ properties } = { properties: {} as Record<string, string> }] =
          catalog.machines.find(hostname)
        const status = properties['status'] ?? 'gone'
        tally[status] = (tally[status] ?? 0) + 1
      }
      return tally
    },
  }
}

function named(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `m${String(at).padStart(3, '0')}`)
}

describe('a machine that comes', () => {
  test('is in the pool within three seconds, with what it said', async () => {
    const s = await setUp()
    s.follow()
    s.beat('h')
    await s.pass(3_000, 'h')
    const rows = s.catalog.machines.find('h')
    expect(rows).toMatchObject([
      { ns: 'pool', properties: { hostname: 'h', ip: '10.0.0.1,10.0.0.2', status: 'online' } },
    ])
  })

  test('is in every leaf that it matches', async () => {
    const s = await setUp()
    await s.catalog.namespaces.create('', { name: 'web', kind: 'leaf', match: '^h' })
    await s.catalog.namespaces.create('', { name: 'all', kind: 'leaf', match: '' })
    s.follow()
    await s.pass(3_000, 'h')
    expect(s.catalog.machines.find('h').map(({ ns }) => ns)).toContain('web')
  })

  test('is left where it is when it is somewhere', async () => {
    const s = await setUp()
    await s.catalog.namespaces.create('', { name: 'web', kind: 'leaf' })
    await s.add('web', { hostname: 'h', status: 'online', owner: 'me' })
    s.follow()
    await s.pass(10_000, 'h')
    expect(s.rows('h')).toEqual([{ hostname: 'h', status: 'online', owner: 'me' }])
  })

  test('comes back when its rows are deleted while it is there', async () => {
    const s = await setUp()
    s.follow()
    await s.pass(3_000, 'h')
    await s.catalog.machines.remove('h')
    await s.pass(10_000, 'h')
    expect(s.statuses('h')).toEqual(['online'])
  })

  test('does not come back under the name that it had, if its instance is a little late', async () => {
    const s = await setUp()
    s.follow()
    await s.pass(10_000, 'h')
    await s.catalog.machines.rename('h', { hostname: 'i' })
    await s.pass(5_000, 'h')
    s.cancel('h')
    await s.pass(20_000, 'i')
    expect(s.rows('h')).toEqual([])
    expect(s.statuses('i')).toEqual(['online'])
  })

  test('does not come back under the name that it had, if it had just come with that', async () => {
    const s = await setUp()
    await s.add('pool', { hostname: 'h' })
    s.follow()
    await s.pass(1_500)
    s.beat('h')
    await s.pass(100)
    await s.catalog.machines.rename('h', { hostname: 'i' })
    await s.pass(900)
    s.cancel('h')
    await s.pass(20_000, 'i')
    expect(s.rows('h')).toEqual([])
    expect(s.statuses('i')).toEqual(['online'])
  })

  test('is not registered where that is switched off, but followed', async () => {
    const s = await setUp({ register: false })
    await s.add('pool', { hostname: 'h', status: 'dead' })
    s.follow()
    await s.pass(10_000, 'h', 'other')
    expect([s.statuses('h'), s.statuses('other')]).toEqual([['online'], []])
  })

  test('is registered and no more where presence is switched off', async () => {
    const s = await setUp({ presence: false })
    s.follow()
    await s.pass(10_000, 'h')
    await s.pass(120 * MINUTE_MS)
    expect(s.statuses('h')).toEqual(['online'])
  })
})

test('heartbeats never reach the catalog', async () => {
  const s = await setUp()
  s.follow()
  await s.pass(MINUTE_MS, 'a', 'b')
  const before = s.revision()
  await s.pass(60 * MINUTE_MS, 'a', 'b')
  expect(s.revision()).toBe(before)
})

describe('a machine that goes', () => {
  test('is dead after its time, and online as soon as it is back, with one commit each', async () => {
    const s = await setUp()
    for (const name of ['a', 'b']) {
      await s.catalog.namespaces.create('', { name, kind: 'leaf', match: 'h' })
    }
    s.follow()
    await s.pass(MINUTE_MS, 'h', 'other')
    await s.pass(11 * MINUTE_MS, 'other')
    expect(s.statuses('h')).toEqual(['online', 'online'])
    const before = s.revision()
    await s.pass(MINUTE_MS, 'other')
    expect(s.rows('h')).toMatchObject([
      { status: 'dead', deadSince: expect.stringMatching(/^17\d{8}$/) },
      { status: 'dead' },
    ])
    expect(s.revision()).toBe(before + 1)

    await s.pass(2_000, 'h', 'other')
    expect(s.revision()).toBe(before + 2)
    for (const row of s.rows('h')) {
      expect(row).toMatchObject({ status: 'online' })
      expect(row).not.toHaveProperty('deadSince')
    }
  })

  test('is not dead when it comes back in time, again and again', async () => {
    const s = await setUp()
    s.follow()
    await s.pass(MINUTE_MS, 'h')
    const before = s.revision()
    for (let time = 0; time < 5; time += 1) {
      await s.pass(9 * MINUTE_MS)
      await s.pass(MINUTE_MS, 'h')
    }
    expect(s.revision()).toBe(before)
  })

  test('is dead too when it says that it goes', async () => {
    const s = await setUp()
    s.follow()
    await s.pass(MINUTE_MS, 'h')
    s.cancel('h')
    await s.pass(10 * MINUTE_MS + 10_000)
    expect(s.statuses('h')).toEqual(['dead'])
  })

  test('is removed after its time, where one is set', async () => {
    const s = await setUp({ removeAfterMs: 60 * MINUTE_MS })
    s.follow()
    await s.pass(MINUTE_MS, 'h')
    await s.pass(71 * MINUTE_MS)
    expect(s.statuses('h')).toEqual(['dead'])
    await s.pass(2 * MINUTE_MS)
    expect(s.statuses('h')).toEqual([])
  })

  test('and was never there is dead after its grace', async () => {
    const s = await setUp()
    await s.add('pool', { hostname: 'h', status: 'online' })
    s.follow()
    await s.pass(39 * MINUTE_MS)
    expect(s.statuses('h')).toEqual(['online'])
    await s.pass(2 * MINUTE_MS)
    expect(s.statuses('h')).toEqual(['dead'])
  })
})

describe('an operator’s offline', () => {
  test('stays, whether the machine is there or not', async () => {
    const s = await setUp()
    s.follow()
    await s.pass(MINUTE_MS, 'h')
    await s.catalog.machines.merge('h', { status: 'offline' })
    const before = s.revision()
    await s.pass(10 * MINUTE_MS, 'h')
    await s.pass(60 * MINUTE_MS)
    expect(s.statuses('h')).toEqual(['offline'])
    expect(s.revision()).toBe(before)
  })

  test.each([1, 3, 5, 7, 9])('is not overwritten by who hears of it %i s late', async (seconds) => {
    const s = await setUp()
    s.follow()
    await s.pass(MINUTE_MS, 'h')
    await s.pass(11 * MINUTE_MS)
    s.engine.pauseWatches()
    const spoken = s.catalog.machines.merge('h', { status: 'offline' })
    await s.pass(MINUTE_MS + seconds * 1_000)
    s.engine.resumeWatches()
    await s.pass(MINUTE_MS)
    await spoken
    expect(s.statuses('h')).toEqual(['offline'])
  })

  test('ends when its sleep is over, and the machine gets its time anew', async () => {
    const s = await setUp()
    s.follow()
    await s.pass(MINUTE_MS, 'h')
    const sleep = String(Math.floor(s.clock.wallMs() / 1_000) + 3_600)
    await s.catalog.machines.merge('h', { status: 'offline', sleep })
    await s.pass(59 * MINUTE_MS)
    expect(s.statuses('h')).toEqual(['offline'])
    await s.pass(2 * MINUTE_MS)
    expect(s.rows('h')).toEqual([{ hostname: 'h', ip: '10.0.0.1,10.0.0.2', status: 'online' }])
    await s.pass(30 * MINUTE_MS)
    expect(s.statuses('h')).toEqual(['online'])
    await s.pass(15 * MINUTE_MS)
    expect(s.statuses('h')).toEqual(['dead'])
  })
})

describe('a registry that could not have heard', () => {
  const fleet = named(40)

  async function setUpFleet() {
    const s = await setUp()
    for (const hostname of fleet) await s.add('pool', { hostname, status: 'online' })
    return s
  }

  test('after a start declares nobody dead before the slowest agent has reported', async () => {
    const s = await setUpFleet()
    s.follow()
    await s.pass(25 * MINUTE_MS)
    await s.pass(60 * MINUTE_MS, ...fleet)
    expect(s.tally(fleet)).toEqual({ online: 40 })
  })

  test('declares nobody dead while it is cut off, nor soon after', async () => {
    const s = await setUpFleet()
    s.follow()
    await s.pass(MINUTE_MS, ...fleet.slice(1))
    s.hearing.is = false
    await s.pass(300 * MINUTE_MS, ...fleet.slice(1))
    s.hearing.is = true
    await s.pass(39 * MINUTE_MS, ...fleet.slice(1))
    expect(s.tally(fleet)).toEqual({ online: 40 })
    await s.pass(2 * MINUTE_MS, ...fleet.slice(1))
    expect(s.tally(fleet)).toEqual({ online: 39, dead: 1 })
  })

  test('declares nobody dead after it stood still', async () => {
    const s = await setUpFleet()
    s.follow()
    await s.pass(MINUTE_MS, ...fleet)
    s.clock.stall(600 * MINUTE_MS)
    await s.pass(11 * MINUTE_MS)
    expect(s.tally(fleet)).toEqual({ online: 40 })
  })

  test('takes no time in which it stood still for absence', async () => {
    const s = await setUpFleet()
    s.follow()
    await s.pass(MINUTE_MS, ...fleet)
    await s.pass(5 * MINUTE_MS, ...fleet.slice(1))
    s.clock.stall(20 * MINUTE_MS)
    await s.pass(5 * MINUTE_MS, ...fleet.slice(1))
    expect(s.tally(fleet)).toEqual({ online: 40 })
  })

  test('holds many back that fall silent at once, after protection does', async () => {
    const s = await setUpFleet()
    const { presence } = s.follow()
    await s.pass(5 * MINUTE_MS, ...fleet)
    // The instance plane keeps all of them for an hour, and then lets go.
    await s.pass(60 * MINUTE_MS)
    expect(s.plane.snapshot({ env: 'default', service: 'infra.machine' }).protected).not.toBeNull()
    await s.pass(40 * MINUTE_MS)
    expect(s.tally(fleet)).toEqual({ online: 40 })
    await s.pass(5 * MINUTE_MS)
    expect(s.tally(fleet)).toEqual({ online: 34, dead: 6 })
    expect(presence.heldBack).toBe(34)
    await s.pass(60 * MINUTE_MS)
    expect(s.tally(fleet)['dead']).toBeGreaterThan(6)
    expect(s.tally(fleet)['dead']).toBeLessThanOrEqual(12)
    await s.pass(10_000, ...fleet)
    expect(s.tally(fleet)).toEqual({ online: 40 })
    expect(presence.heldBack).toBe(0)
  })
})

test('two nodes with one catalog come to one result', async () => {
  const s = await setUp()
  const other = await s.another('n2')
  opened.push(other)
  s.follow()
  s.follow(other.catalog)
  await s.pass(MINUTE_MS, 'h')
  expect(s.statuses('h')).toEqual(['online'])
  await s.pass(13 * MINUTE_MS)
  expect(s.statuses('h')).toEqual(['dead'])
  await s.pass(5_000, 'h')
  expect(s.statuses('h')).toEqual(['online'])
})

test('what could not be written is made good', async () => {
  const s = await setUp()
  s.follow()
  await s.pass(MINUTE_MS, 'h')
  s.engine.breakWrites('the disk is full')
  await s.pass(20 * MINUTE_MS, 'new')
  expect([s.statuses('h'), s.statuses('new')]).toEqual([['online'], []])
  s.engine.mend()
  await s.pass(10_000, 'new')
  expect([s.statuses('h'), s.statuses('new')]).toEqual([['dead'], ['online']])
})
