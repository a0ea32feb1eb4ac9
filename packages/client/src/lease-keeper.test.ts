import { expect, test } from 'vitest'
import { RegistryError, type RenewedLease } from '@rollcall/protocol'
import { start } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { LeaseKeeper, type KeepAliveOptions, type LeaseKeeperOptions } from './index.ts'
import type { Leases } from './leases.ts'

const TTL_MS = 20_000
/** What is left of it after a margin of 15 %. */
const USABLE_MS = 17_000
const EVERY_MS = TTL_MS / 3

interface Asked {
  readonly atMs: number
  readonly options: KeepAliveOptions
}

type Answering = (asked: Asked) => Promise<RenewedLease>

/** Leases as the far side has them: renewals answer as the test says. */
function setUp(given: Partial<LeaseKeeperOptions> = {}) {
  const clock = new FakeClock()
  const asked: Asked[] = []
  const revoked: number[] = []
  const lost: RegistryError[] = []
  const far: { answer: Answering } = { answer: () => Promise.resolve({ id: 7, ttlMs: TTL_MS }) }
  const leases: Pick<Leases, 'keepAlive' | 'revoke' | 'grant'> = {
    grant: ({ ttlMs, name = '' }) => Promise.resolve({ id: 7, name, ttlMs, state: 'CREATE' }),
    keepAlive: (_id, options) => {
      const one = { atMs: clock.monotonicMs(), options: { ...options } }
      asked.push(one)
      return far.answer(one)
    },
    revoke: (id) => {
      revoked.push(id)
      return Promise.resolve()
    },
  }
  const options: LeaseKeeperOptions = {
    client: { leases: leases as Leases },
    lease: { id: 7, ttlMs: TTL_MS },
    sentAtMs: 0,
    clock,
    random: () => 0,
    onLost: (error) => lost.push(error),
    ...given,
  }
  const keeper = new LeaseKeeper(options)
  return { clock, keeper, options, asked, revoked, lost, far }
}

const refused = (code: RegistryError['code']) => () =>
  Promise.reject(new RegistryError(code, `No: ${code}.`))

/** As a server that took the request and is silent; heeds the signal. */
const silent: Answering = ({ options: { signal } }) =>
  new Promise((_, reject) => {
    signal?.addEventListener('abort', () => {
      reject(new Error('aborted'))
    })
  })

test('renews at a third of the ttl, or a little before, as long as it runs', async () => {
  const { clock, keeper, asked, revoked, lost } = setUp({ random: () => 0.5 })
  await using running = start(keeper)
  await clock.advance(EVERY_MS * 0.9 - 1)
  expect(asked).toHaveLength(0)
  await clock.advance(100_000)

  expect(asked.length).toBeGreaterThanOrEqual(15)
  expect(asked[1]?.atMs).toBeCloseTo(EVERY_MS * 0.9 * 2)
  expect(keeper.isUsable).toBe(true)

  await running[Symbol.asyncDispose]()
  expect(revoked).toEqual([7])
  expect(lost).toEqual([])
  expect(keeper.isUsable).toBe(false)
})

test('a lease that is to be left is not revoked', async () => {
  const { keeper, revoked } = setUp({ atEnd: 'leave' })
  await start(keeper)[Symbol.asyncDispose]()
  expect(revoked).toEqual([])
})

test('without a confirmation it is lost before the ttl is over, and told once', async () => {
  const { clock, keeper, far, lost, revoked } = setUp()
  far.answer = refused('unavailable')
  const { ended } = start(keeper)

  await clock.advance(USABLE_MS - 1)
  expect([keeper.isUsable, keeper.lost.aborted]).toEqual([true, false])
  await clock.advance(1)
  expect([keeper.isUsable, keeper.lost.aborted]).toEqual([false, true])
  await ended
  await clock.advance(100_000)

  expect(lost).toHaveLength(1)
  expect(lost[0]).toMatchObject({ code: 'lease_lost', details: { id: 7 } })
  expect(keeper.lost.reason).toBe(lost[0])
  expect(revoked).toEqual([])
})

test('a confirmation counts from when it was sent, not from when it came', async () => {
  const { clock, keeper, far, lost } = setUp()
  let sentAtMs = 0
  far.answer = async ({ atMs, options }) => {
    if (sentAtMs !== 0) return silent({ atMs, options })
    sentAtMs = atMs
    await clock.sleep(5_000, new AbortController().signal)
    return { id: 7, ttlMs: TTL_MS }
  }
  start(keeper).ended.catch(() => {})
  await clock.advance(EVERY_MS + 5_000)

  await clock.advance(USABLE_MS - 5_000 - 1)
  expect(lost).toHaveLength(0)
  await clock.advance(2)
  expect(lost).toHaveLength(1)
  expect(clock.monotonicMs()).toBeLessThan(sentAtMs + TTL_MS)
})

test('a lease that the registry has ended is lost at once', async () => {
  const { clock, keeper, far, lost } = setUp()
  far.answer = refused('lease_not_found')
  const { ended } = start(keeper)
  await clock.advance(EVERY_MS)
  await ended
  expect(lost).toHaveLength(1)
})

test('an outage that ends in time loses nothing', async () => {
  const { clock, keeper, far, asked, lost } = setUp()
  far.answer = refused('unavailable')
  await using _ = start(keeper)
  await clock.advance(USABLE_MS - 1_500)
  expect(asked.length).toBeGreaterThan(5)

  far.answer = () => Promise.resolve({ id: 7, ttlMs: TTL_MS })
  await clock.advance(60_000)
  expect(lost).toEqual([])
})

test('a server that is silent is given up while there is time for another', async () => {
  const { clock, keeper, far, asked, lost } = setUp()
  far.answer = silent
  const { ended } = start(keeper)
  await clock.advance(EVERY_MS)
  const { timeoutMs = Infinity, signal } = asked[0]?.options ?? {}
  expect(EVERY_MS + 2 * timeoutMs).toBeLessThan(USABLE_MS)

  await clock.advance(TTL_MS)
  await ended
  expect(lost).toHaveLength(1)
  expect(signal?.aborted).toBe(true)
})

test('a process that stood still knows so before it does anything', async () => {
  const { clock, keeper, asked, lost } = setUp()
  const { ended } = start(keeper)
  clock.stall(USABLE_MS)
  expect(keeper.isUsable).toBe(false)
  await clock.advance(0)
  await ended
  expect(lost).toHaveLength(1)
  expect(asked.length).toBeLessThanOrEqual(1)
})

test('an answer that was under way while the process stood still counts for nothing', async () => {
  const { clock, keeper, far, lost } = setUp()
  let answer = () => {}
  far.answer = () =>
    new Promise((resolve) => {
      answer = () => {
        resolve({ id: 7, ttlMs: TTL_MS })
      }
    })
  const { ended } = start(keeper)
  await clock.advance(EVERY_MS)
  clock.stall(TTL_MS)
  answer()
  await ended
  expect(lost).toHaveLength(1)
  expect(keeper.isUsable).toBe(false)
})

test('a lease of unknown age is not relied on before it was renewed', async () => {
  const { options, clock, asked } = setUp()
  const { sentAtMs: _, ...unknown } = options
  const keeper = new LeaseKeeper(unknown)
  expect(keeper.isUsable).toBe(false)
  await using _running = start(keeper)
  await clock.advance(0)
  expect(asked).toHaveLength(1)
  expect(keeper.isUsable).toBe(true)
})

test('grants what it keeps, and counts from the sending', async () => {
  const { options, clock } = setUp()
  const keeper = await LeaseKeeper.grant({ ttlMs: 15_000, name: 'n' }, options)
  expect([keeper.id, keeper.ttlMs, keeper.isUsable]).toEqual([7, 15_000, true])
  await clock.advance(12_749)
  expect(keeper.isUsable).toBe(true)
  await clock.advance(1)
  expect(keeper.isUsable).toBe(false)
})

test('what is no refusal is a bug, and ends the run', async () => {
  const { clock, keeper, far } = setUp()
  far.answer = () => Promise.reject(new TypeError('a bug'))
  const { ended } = start(keeper)
  ended.catch(() => {})
  await clock.advance(EVERY_MS)
  await expect(ended).rejects.toThrow('a bug')
})
