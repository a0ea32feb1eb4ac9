/** When leases of both kinds end, under any order of keep-alives, restarts of the plane and time. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { setUpCatalog, type CatalogHarness } from '../../testing/catalog-harness.ts'
import type { CatalogPlane } from '../plane.ts'

/** How late the engine may be in ending what is due, and the clock in steps. */
const LATE_MS = 500
const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const KEYS = ['a', 'b', 'c']

const which = fc.nat(3)
const key = fc.constantFrom(...KEYS)
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constantFrom('grant' as const, 'grant_raftd' as const),
      ttlMs: fc.integer({ min: 1, max: 6_000 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('put' as const), which, key }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('keep' as const), which }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('revoke' as const), which }) },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('pass' as const),
      ms: fc.integer({ min: 0, max: 3_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('restart' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface Known {
  readonly id: number
  readonly kind: 'native' | 'raftd'
  readonly ttlMs: number
  /** When the lease was last renewed; for raftd that counts until it has keys. */
  renewedMs: number
  /** raftd: when each key was last renewed. native: which keys hang on it. */
  readonly keys: Map<string, number>
  isRevoked: boolean
}

class Run {
  readonly #harness: CatalogHarness
  #catalog: CatalogPlane
  #stop: () => PromiseLike<void>
  readonly #leases: Known[] = []

  constructor(harness: CatalogHarness) {
    this.#harness = harness
    this.#catalog = harness.catalog
    this.#stop = harness.stop
  }

  stop(): PromiseLike<void> {
    return this.#stop()
  }

  async take(step: Step): Promise<void> {
    const { clock } = this.#harness
    if (step.does === 'pass') await clock.advance(step.ms)
    else if (step.does === 'restart') await this.#restart()
    else if ('ttlMs' in step) await this.#grant(step)
    else {
      const lease = this.#leases[step.which % this.#leases.length]
      if (!lease) return
      if (step.does === 'revoke') await this.#revoke(lease)
      else if (!('key' in step)) await this.#keep(lease)
      else if (lease.kind === 'native') await this.#putNative(lease, step.key)
      else await this.#putKeyed(lease, step.key)
    }
  }

  /** What must be there is there, and what must be gone is gone. */
  async check(): Promise<void> {
    for (const lease of this.#leases) {
      const verdict = this.#verdict(lease)
      const detail = await this.#catalog.leases.get(lease.id).catch(() => undefined)
      if (verdict === 'gone') expect(detail).toBeUndefined()
      if (verdict === 'there') expect(detail).toMatchObject({ id: lease.id, ttlMs: lease.ttlMs })
      if (lease.kind === 'native') this.#checkTogether(lease, detail !== undefined)
      else this.#checkAlone(lease, detail?.keys ?? [])
    }
  }

  /** The keys of a native lease are all there or all gone, as the lease is. */
  #checkTogether(lease: Known, isThere: boolean): void {
    for (const name of lease.keys.keys()) {
      const entry = this.#catalog.kv.get(`${lease.id}/${name}`)
      expect(entry !== undefined).toBe(isThere)
    }
  }

  #checkAlone(lease: Known, shown: readonly string[]): void {
    for (const [name, renewedMs] of lease.keys) {
      const ageMs = this.#nowMs - renewedMs
      if (lease.isRevoked || ageMs > lease.ttlMs + LATE_MS) expect(shown).not.toContain(name)
      else if (ageMs < lease.ttlMs) expect(shown).toContain(name)
    }
  }

  #verdict(lease: Known): 'there' | 'gone' | 'unsure' {
    if (lease.isRevoked) return 'gone'
    const isKeyed = lease.kind === 'raftd' && lease.keys.size > 0
    const since = isKeyed ? Math.max(...lease.keys.values()) : lease.renewedMs
    const ageMs = this.#nowMs - since
    if (ageMs < lease.ttlMs) return 'there'
    const graceMs = lease.kind === 'raftd' && !isKeyed ? 2_000 : 0
    return ageMs > lease.ttlMs + graceMs + LATE_MS ? 'gone' : 'unsure'
  }

  get #nowMs(): number {
    return this.#harness.clock.monotonicMs()
  }

  async #grant({ does, ttlMs }: { does: string; ttlMs: number }): Promise<void> {
    const { leases, keyedLeases } = this.#catalog
    const kind = does === 'grant' ? 'native' : 'raftd'
    const granted =
      kind === 'native'
        ? await leases.grant({ ttlMs, name: 'n' })
        : await keyedLeases.grant({ ttlMs, name: 'n' })
    expect(granted.ttlMs).toBeGreaterThanOrEqual(ttlMs)
    const renewedMs = this.#nowMs
    const { id, ttlMs: grantedMs } = granted
    this.#leases.push({ id, kind, ttlMs: grantedMs, renewedMs, keys: new Map(), isRevoked: false })
  }

  async #putNative(lease: Known, name: string): Promise<void> {
    const put = this.#catalog.kv.put(`${lease.id}/${name}`, bytes(name), { lease: lease.id })
    if (await this.#isDone(lease, put)) lease.keys.set(name, this.#nowMs)
  }

  async #putKeyed(lease: Known, name: string): Promise<void> {
    const value = bytes(`${Math.floor(this.#nowMs / 5_000)}`)
    const kept = this.#catalog.keyedLeases.keepAlive(lease.id, { key: name, value })
    if (await this.#isDone(lease, kept)) lease.keys.set(name, this.#nowMs)
  }

  async #keep(lease: Known): Promise<void> {
    const { renewed } = await this.#catalog.leases.keepAlive([lease.id])
    const isRenewed = await this.#isDone(
      lease,
      renewed.length > 0 ? Promise.resolve() : Promise.reject(new Error('missing')),
    )
    if (!isRenewed) return
    lease.renewedMs = this.#nowMs
    for (const [name, renewedMs] of lease.keys) {
      // A raftd key that has ended stays gone.
      const isAlive = this.#nowMs - renewedMs < lease.ttlMs
      if (lease.kind === 'native' || isAlive) lease.keys.set(name, this.#nowMs)
      else if (this.#nowMs - renewedMs <= lease.ttlMs + LATE_MS) lease.keys.delete(name)
    }
  }

  async #revoke(lease: Known): Promise<void> {
    if (await this.#isDone(lease, this.#catalog.leases.revoke(lease.id))) lease.isRevoked = true
  }

  /** What is there takes it, what is gone refuses it, and in between either is right. */
  async #isDone(lease: Known, promise: Promise<unknown>): Promise<boolean> {
    const verdict = this.#verdict(lease)
    const isDone = await promise.then(
      () => true,
      () => false,
    )
    if (verdict !== 'unsure') expect(isDone).toBe(verdict === 'there')
    return isDone
  }

  async #restart(): Promise<void> {
    await this.#stop()
    const again = await this.#harness.another()
    this.#catalog = again.catalog
    this.#stop = () => again[Symbol.asyncDispose]()
  }
}

test('leases end a ttl after their last renewal, never before, together or each key alone', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 50, size: 'max' }),
      async (steps) => {
        await using harness = await setUpCatalog()
        const run = new Run(harness)
        for (const one of steps) {
          await run.take(one)
          await run.check()
        }
        await run.stop()
      },
    ),
    { numRuns: 100 },
  )
})
