import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs'
import { start, systemClock, type Clock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { POLICY_ID } from '../record.ts'
import { stampAt } from '../stamp.ts'
import { decodeHeader, encodeEnd, encodeHeader } from './codec.ts'
import { settled, setUp, TTL_MS } from './testing/set-up.ts'

const web = { env: 'default', service: 'web' }

test('a restart of everything keeps the instances, and each has a full ttl', async () => {
  const { node, clock } = setUp()
  const before = node()
  before.register('a')
  before.register('b', 'web', { status: 'starting', metadata: { ['__proto__']: 'x' }, tags: ['t'] })
  before.run(60_000)
  const wasB = before.entry({ id: 'b' })?.record
  await before.stop()
  clock.bendWall(3 * 86_400_000)

  const after = node()
  expect(await after.load()).toEqual({ loaded: 2, refused: 0, leftOut: 0 })
  expect(after.ids()).toEqual(['a', 'b'])
  expect(after.entry({ id: 'b' })?.record).toEqual(wasB)
  after.run(TTL_MS - 2_000)
  expect(after.ids()).toEqual(['a', 'b'])
  after.plane.renew({ ...web, id: 'a' })
  after.run(4_000)
  expect(after.ids()).toEqual(['a'])
})

test('what operators decided comes back; what ended, is hidden or is the registry itself does not', async () => {
  const { node, bytes } = setUp()
  const before = node()
  for (const id of ['a', 'gone', 'lapsed', 'hidden']) before.register(id)
  before.register('b', 'api')
  before.plane.registerSelf({ addresses: ['http://127.0.0.1:7070'] })
  before.plane.set({ ...web, id: 'a' }, { statusOverride: 'out_of_service', weight: 7 })
  before.plane.protect({ env: 'default', service: 'api' }, 'forbid')
  before.plane.cancel({ ...web, id: 'gone' })
  const hidden = before.entry({ id: 'hidden' })
  if (hidden) before.plane.core.setHidden(hidden, true, { event: 'hidden', reason: 'hidden' })
  before.run(60_000)
  before.plane.renew({ ...web, id: 'a' })
  before.plane.renew({ env: 'default', service: 'api', id: 'b' })
  before.run(60_000)
  await before.stop()
  const ids = bytes()
    .toString()
    .split('\n')
    .slice(1, -2)
    .map((line) => line.split('"')[7])
  expect(ids.sort()).toEqual([POLICY_ID, 'a', 'b'])

  const after = node()
  await after.load()
  const all = [...after.plane.core.table.entries()].map(({ id }) => id).sort()
  expect(all).toEqual([POLICY_ID, 'a', 'b'])
  const a = after.entry()?.record
  expect(a?.override?.value).toBe('out_of_service')
  expect(a?.content?.weight).toBe(7)
  expect(after.plane.protect({ env: 'default', service: 'api' }, 'forbid').forbidden).toBe(true)
  expect(after.entry({ service: 'api', id: POLICY_ID })?.history.map((e) => e.event)).toEqual([
    'loaded',
  ])
})

test('a new life of the node is later than the one before, also when the wall clock went back', async () => {
  const { node, clock } = setUp()
  const before = node()
  before.register('a')
  before.run(5_000)
  before.plane.core.stamps.reincarnate()
  before.register('b')
  const inc = before.plane.core.stamps.origin.inc
  const token = before.plane.snapshot(web).token
  await before.stop()

  clock.bendWall(-2 * 3_600_000)
  const after = node()
  await after.load()
  const { origin } = after.plane.core.stamps
  expect(origin.inc).toBeGreaterThan(inc)
  expect(origin.inc).toBeGreaterThan(after.entry({ id: 'b' })?.record.life?.ver.at ?? Infinity)
  expect(after.plane.core.feedOrigin).toBe(origin)
  expect(after.plane.resume(web, token)).toMatchObject({ kind: 'start_over' })
})

test('an incarnation that began while the file was being written is known as well', async () => {
  const { node, clock, bytes, path } = setUp()
  const before = node()
  before.register('a')
  before.plane.core.stamps.reincarnate()
  before.register('b')
  await before.stop()
  // As if the header had been made before that: the same file with an older clock, sealed again.
  const [, ...lines] = bytes().toString().split('\n').slice(0, -2)
  const header = encodeHeader({ node: 'n1', writtenAt: 1, clock: 1 })
  const body = [header, ...lines].map((line) => `${line}\n`).join('')
  const sha256 = createHash('sha256').update(body).digest('hex')
  writeFileSync(path(), `${body}${encodeEnd(lines.length, sha256)}\n`)

  clock.bendWall(-3_600_000)
  const after = node()
  await after.load()
  expect(after.ids()).toEqual(['a', 'b'])
  expect(after.plane.core.stamps.origin.inc).toBeGreaterThan(before.plane.core.stamps.origin.inc)
})

test('a clock that was more than a day wrong is not gone on from', async () => {
  const { node, clock } = setUp()
  const before = node()
  before.register('a')
  await before.stop()
  clock.bendWall(-2 * 86_400_000)
  const after = node()
  expect(await after.load()).toEqual({ loaded: 0, refused: 1, leftOut: 0 })
  expect(after.plane.core.stamps.last).toBeLessThan(stampAt(clock.wallMs() + 1_000))
  expect(after.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1)
})

test('a file of a node of another name is loaded all the same, and said so', async () => {
  const { node } = setUp()
  const before = node({ node: 'old-name' })
  before.register('a')
  await before.stop()
  const after = node({ node: 'new-name' })
  await after.load()
  expect(after.ids()).toEqual(['a'])
  expect(after.lines.join('\n')).toContain('"writtenBy":"old-name"')
})

test('a node with less room takes what fits, and says how much it left out', async () => {
  const { node } = setUp()
  const before = node()
  for (let at = 0; at < 2_500; at += 1) before.register(`i-${at}`)
  await before.stop()
  const after = node({ limits: { instancesMax: 2_100 } })
  expect(await after.load()).toEqual({ loaded: 2_100, refused: 0, leftOut: 400 })
  expect(after.ids()).toHaveLength(2_100)
  expect(after.lines.find((line) => line.startsWith('warn'))).toContain('"leftOut":400')
})

test('writes 30 s after a change and not without one, 30 s after the last write at most', async () => {
  const { node, clock, names, bytes } = setUp()
  const startMs = clock.wallMs()
  const actor = { waiting: false }
  const watched: Clock = {
    wallMs: () => clock.wallMs(),
    monotonicMs: () => clock.monotonicMs(),
    after: clock.after.bind(clock),
    sleep: async (ms, signal) => {
      actor.waiting = ms > 0
      const slept = await clock.sleep(ms, signal)
      actor.waiting = false
      return slept
    },
  }
  const writer = node({ clock: watched })
  await using _ = start(writer.warmStart)
  /** Lets time pass, but none while the disk is at work. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      await clock.advance(250)
      while (!actor.waiting) await clock.advance(0)
      writer.plane.tick()
    }
  }
  const lastMs = () => {
    const header = decodeHeader(bytes().toString().split('\n')[0] ?? '')
    return (header?.writtenAt ?? 0) - startMs
  }

  await pass(91_000)
  expect(names()).toEqual([])
  writer.register('a')
  await pass(28_750)
  expect(names()).toEqual([])
  await pass(250)
  expect(lastMs()).toBe(120_000)
  expect(writer.outcomes).toEqual([{ outcome: 'written', bytes: bytes().length }])

  await pass(45_000)
  writer.plane.renew({ ...web, id: 'a' })
  await pass(45_000)
  expect(writer.outcomes).toHaveLength(1)
  writer.register('b')
  await pass(30_000)
  expect(lastMs()).toBe(240_000)
  writer.register('c')
  await pass(29_750)
  expect(lastMs()).toBe(240_000)
  await pass(250)
  expect(lastMs()).toBe(270_000)
  expect(writer.outcomes).toHaveLength(3)
})

test('nodes that start together write at different times', async () => {
  const { node, clock, names } = setUp()
  const writer = node({ random: () => 0.5 })
  writer.register('a')
  await using _ = start(writer.warmStart)
  await clock.advance(22_490)
  expect(names()).toEqual([])
  await clock.advance(10)
  await until(
    'it has written',
    async () => {
      await clock.advance(0)
      return writer.outcomes.length === 1 ? true : undefined
    },
    { withinMs: 5_000 },
  )
  expect(names()).toEqual(['instances.ndjson'])
})

test('what was just loaded is not written again', async () => {
  const { node, bytes } = setUp()
  const before = node()
  before.register('a')
  await before.stop()
  const file = bytes()
  const after = node()
  await after.load()
  await after.stop()
  expect(after.outcomes).toEqual([])
  expect(bytes()).toEqual(file)
})

test('a stop in the middle of a slow write writes at once what is there then', async () => {
  const { node, clock } = setUp()
  // Every look at this clock takes a while, so that the write has many rests.
  let looks = 0
  const rests: number[] = []
  const slow = {
    wallMs: () => clock.wallMs(),
    monotonicMs: () => clock.monotonicMs() + (looks += 1),
    after: clock.after.bind(clock),
    sleep: (ms: number, signal: AbortSignal) => {
      rests.push(ms)
      return clock.sleep(ms, signal)
    },
  }
  const before = node({ clock: slow })
  for (let at = 0; at < 50; at += 1) before.register(`i-${at}`)
  const stop = new AbortController()
  const ended = before.warmStart.run(stop.signal)
  await clock.advance(30_000)
  before.register('late')
  await clock.advance(10)
  expect(before.outcomes).toEqual([])
  expect(Math.max(...rests.splice(0))).toBeGreaterThan(0)
  stop.abort()
  await settled(clock, ended)
  // The wait for the next write is cut short by the stop; what rests after it is of the last one.
  const lastRests = rests.slice(rests.indexOf(30_000) + 1)
  expect(lastRests.length).toBeGreaterThan(5)
  expect(Math.max(...lastRests)).toBe(0)
  expect(before.outcomes).toMatchObject([{ outcome: 'written' }])
  const after = node()
  await after.load()
  expect(after.ids()).toContain('late')
  expect(after.ids()).toHaveLength(51)
})

test('a stop that has no time to write leaves the file of before', async () => {
  const { node, names } = setUp()
  const first = node()
  first.register('a')
  await first.stop()
  const second = node({ clock: systemClock, stopWithinMs: 1 })
  for (let at = 0; at < 20_000; at += 1) second.register(`i-${at}`)
  await second.warmStart.run(AbortSignal.abort())
  expect(second.outcomes).toEqual([{ outcome: 'failed', bytes: 0 }])
  expect(names()).toEqual(['instances.ndjson'])
  const third = node()
  await third.load()
  expect(third.ids()).toEqual(['a'])
})

test('a disk that refuses ends nothing, and is tried again', async () => {
  const { node, clock, folder, names } = setUp()
  const writer = node()
  const { warmStart, outcomes, lines } = writer
  writer.register('a')
  rmSync(folder, { recursive: true })
  await using _ = start(warmStart)
  const seen = (count: number) =>
    until(
      `${count} writes have ended`,
      async () => {
        await clock.advance(0)
        return outcomes.length === count ? true : undefined
      },
      { withinMs: 5_000 },
    )
  await clock.advance(30_000)
  await seen(1)
  expect(outcomes).toEqual([{ outcome: 'failed', bytes: 0 }])
  expect(lines.join('\n')).toMatch(/warn: could not write .*ENOENT/)
  mkdirSync(folder)
  await clock.advance(30_000)
  await seen(2)
  expect(outcomes[1]).toMatchObject({ outcome: 'written' })
  expect(names()).toEqual(['instances.ndjson'])
})

test('a start that is broken off does not replace the file by the half that it had loaded', async () => {
  const { node, clock, bytes } = setUp()
  const before = node()
  for (let at = 0; at < 3_000; at += 1) before.register(`i-${at}`)
  await before.stop()
  const file = bytes()

  const stop = new AbortController()
  const breaking: Clock = {
    wallMs: () => clock.wallMs(),
    monotonicMs: () => clock.monotonicMs(),
    after: clock.after.bind(clock),
    sleep: (ms, signal) => {
      // The first pause of the loading itself.
      if (ms === 0) stop.abort()
      return clock.sleep(ms, signal)
    },
  }
  const after = node({ clock: breaking })
  const loading = after.warmStart.load(stop.signal)
  await settled(clock, loading)
  expect(after.plane.stats().live).toBe(1_000)
  after.register('another')
  await after.stop()
  expect(bytes().equals(file)).toBe(true)
})

test('whatever a killed write left behind, the next start loads the last whole file', async () => {
  const { node, folder, path } = setUp()
  const before = node()
  before.register('old')
  await before.stop()
  const old = readFileSync(path())
  before.register('new')
  await before.stop()
  const whole = readFileSync(path())
  for (const length of [0, 1, 50, whole.length - 1, whole.length]) {
    writeFileSync(path(), old)
    writeFileSync(path('instances.ndjson.tmp'), whole.subarray(0, length))
    const after = node()
    await after.load()
    expect(after.ids()).toEqual(['old'])
    expect(readdirSync(folder)).toEqual(['instances.ndjson'])
  }
})

test('reading a large file is no stall of the node', async () => {
  const { node, clock } = setUp()
  const before = node()
  before.register('a')
  await before.stop()
  const after = node()
  const { inc } = after.plane.core.stamps.origin
  const loading = after.warmStart.load(new AbortController().signal)
  await clock.advance(20_000)
  await settled(clock, loading)
  expect(after.lines.filter((line) => line.startsWith('warn'))).toEqual([])
  expect(after.ids()).toEqual(['a'])
  expect(after.plane.core.stamps.origin.inc).toBeGreaterThan(inc)
})
