/**
 * The users' keys against a map, while watches come and go, the feed of the view breaks in every
 * way that it can, and other nodes write too.
 */

import { hasCode } from '@rollcall/protocol/errors'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { setUpCatalog, type CatalogHarness } from '../testing/catalog-harness.ts'
import type { KvChanges } from './catalog.ts'
import { compareKeys } from './key-order.ts'

interface Held {
  readonly value: string
  readonly createRevision: number
  readonly modRevision: number
}

const KEYS = ['a', 'a/1', 'a/2', 'a/2/x', 'b', 'é', '\ue000', '\u{1f600}']
const PREFIXES = ['', 'a', 'a/', 'a/2', 'b', 'c']
const key = fc.constantFrom(...KEYS)
const prefix = fc.constantFrom(...PREFIXES)
const which = fc.nat(7)

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('put' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('put_if' as const), key, right: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('delete_prefix' as const), prefix }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('elsewhere' as const), key }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('watch' as const), prefix }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constantFrom('leave' as const, 'return' as const), which }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('pass' as const),
      ms: fc.integer({ min: 0, max: 4_000 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constantFrom(
        'pause' as const,
        'resume' as const,
        'cut' as const,
        'mend' as const,
        'compact' as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('restore' as const), keys: fc.uniqueArray(key) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const text = (value: Uint8Array) => Buffer.from(value).toString()

/** What one watcher believes: what it read when it came, and every change since. */
class Watcher {
  readonly #harness: CatalogHarness
  readonly prefix: string
  believes = new Map<string, string>()
  #revision = 0
  #off: (() => void) | undefined

  constructor(harness: CatalogHarness, prefix: string) {
    this.#harness = harness
    this.prefix = prefix
    harness.catalog.kv.onRestart(() => {
      if (this.#off) this.#startOver()
    })
    this.join()
  }

  get isHere(): boolean {
    return this.#off !== undefined
  }

  leave(): void {
    if (!this.#off) return
    this.#off()
    this.#off = undefined
    this.#revision = this.#harness.catalog.status().viewRevision
  }

  /** Goes on where it was, or starts over when that is not known any more. */
  join(): void {
    if (this.#off) return
    const { kv } = this.#harness.catalog
    this.#off = kv.subscribe(this.prefix, (changes) => {
      this.#take(changes)
    })
    const missed = this.#revision === 0 ? undefined : kv.changesSince(this.prefix, this.#revision)
    if (!missed) this.#startOver()
    for (const changes of missed ?? []) this.#take(changes)
  }

  #startOver(): void {
    const { entries } = this.#harness.catalog.kv.list({ prefix: this.prefix, limit: 1_000 })
    this.believes = new Map(entries.map(({ key, value }) => [key, text(value)]))
    this.#revision = this.#harness.catalog.status().viewRevision
  }

  #take({ revision, puts, deletes }: KvChanges): void {
    expect(revision).toBeGreaterThan(this.#revision)
    this.#revision = revision
    for (const { key, value } of puts) this.believes.set(key, text(value))
    for (const key of deletes) expect(this.believes.delete(key)).toBe(true)
  }
}

/** One run: the plane, the map that it is held against, and who watches. */
class Run {
  readonly #harness: CatalogHarness
  readonly #model = new Map<string, Held>()
  readonly #watchers: Watcher[] = []
  #values = 0
  #isHindered = false

  constructor(harness: CatalogHarness) {
    this.#harness = harness
  }

  async take(step: Step): Promise<void> {
    const { catalog, clock, engine } = this.#harness
    switch (step.does) {
      case 'put':
        return await this.#put(step.key, undefined)
      case 'put_if': {
        const at = this.#model.get(step.key)?.modRevision ?? 0
        return await this.#put(step.key, step.right ? at : at + 1)
      }
      case 'delete': {
        const answer = await this.#write(catalog.kv.delete(step.key), 'key_not_found')
        if (answer) expect(this.#model.delete(step.key)).toBe(true)
        return
      }
      case 'delete_prefix':
        return await this.#deletePrefix(step.prefix)
      case 'elsewhere':
        return await this.#putElsewhere(step.key)
      case 'watch':
        this.#watchers.push(new Watcher(this.#harness, step.prefix))
        return
      case 'leave':
        this.#watcher(step.which)?.leave()
        return
      case 'return':
        this.#watcher(step.which)?.join()
        return
      case 'pass':
        return await clock.advance(step.ms)
      case 'restore':
        return await this.#restore(step.keys)
      case 'pause':
        this.#isHindered = true
        engine.pauseWatches()
        return
      case 'resume':
        engine.resumeWatches()
        return
      case 'cut':
        this.#isHindered = true
        engine.cutOff()
        return
      case 'compact':
        this.#isHindered = true
        engine.compact()
        return
      case 'mend':
        return await this.mend()
    }
  }

  /** Everything works again, and has had the time to. */
  async mend(): Promise<void> {
    const { clock, engine } = this.#harness
    engine.mend()
    engine.resumeWatches()
    await clock.advance(0)
    await clock.advance(12_000)
    this.#isHindered = false
  }

  /** While nothing is broken, view, map and watchers agree after every step. */
  check(): void {
    if (this.#isHindered) return
    const { kv } = this.#harness.catalog
    const expected = [...this.#model].sort(([left], [right]) => compareKeys(left, right))
    const { entries } = kv.list({ prefix: '', limit: 1_000 })
    expect(
      entries.map(({ key, value, ...rest }) => [key, { ...rest, value: text(value) }]),
    ).toEqual(expected.map(([key, held]) => [key, { ...held, lease: 0 }]))
    for (const name of KEYS)
      expect(kv.get(name)?.modRevision).toBe(this.#model.get(name)?.modRevision)
    for (const watcher of this.#watchers) {
      if (!watcher.isHere) continue
      const below = expected.filter(([key]) => key.startsWith(watcher.prefix))
      expect(
        new Map([...watcher.believes].sort(([left], [right]) => compareKeys(left, right))),
      ).toEqual(new Map(below.map(([key, { value }]) => [key, value])))
    }
  }

  async #put(name: string, ifRevision: number | undefined): Promise<void> {
    const value = this.#nextValue()
    const put = this.#harness.catalog.kv.put(name, bytes(value), { ifRevision })
    const answer = await this.#write(put, 'revision_conflict')
    const before = this.#model.get(name)
    const isRight = ifRevision === undefined || ifRevision === (before?.modRevision ?? 0)
    if (!answer) return
    expect(isRight).toBe(true)
    const { modRevision, createRevision, created } = answer
    expect({ createRevision, created }).toEqual({
      createRevision: before?.createRevision ?? modRevision,
      created: !before,
    })
    this.#model.set(name, { value, createRevision, modRevision })
  }

  async #deletePrefix(below: string): Promise<void> {
    const answer = await this.#write(
      this.#harness.catalog.kv.deletePrefix(below),
      'invalid_argument',
    )
    if (!answer) return
    const gone = [...this.#model.keys()].filter((name) => name.startsWith(below))
    expect(answer.deleted).toBe(gone.length)
    for (const name of gone) this.#model.delete(name)
  }

  async #putElsewhere(name: string): Promise<void> {
    const value = this.#nextValue()
    const put = { kind: 'put', key: `k/${name}`, value: bytes(value) } as const
    const answer = await this.#write(
      this.#harness.engine.commit({ compares: [], then: [put] }),
      'unavailable',
    )
    await this.#harness.clock.advance(0)
    if (!answer) return
    const { revision } = answer
    const createRevision = this.#model.get(name)?.createRevision ?? revision
    this.#model.set(name, { value, createRevision, modRevision: revision })
  }

  async #restore(keys: readonly string[]): Promise<void> {
    const value = this.#nextValue()
    const page = keys.toSorted(compareKeys).map((name) => {
      return { key: `k/${name}`, value: bytes(value), lease: 0 }
    })
    const source = {
      revision: 1,
      leases: [],
      async *pages() {
        yield await Promise.resolve(page)
      },
    }
    const restoring = this.#harness.engine.restore(source, new AbortController().signal)
    const answer = await this.#write(restoring, 'unavailable')
    if (!answer) return
    const { revision } = answer
    this.#model.clear()
    for (const name of keys) {
      this.#model.set(name, { value, createRevision: revision, modRevision: revision })
    }
    if (!this.#isHindered) await this.mend()
  }

  /** Lets time pass until a write is answered; undefined: it was refused, with this or because all is broken. */
  async #write<T>(promise: Promise<T>, mayRefuse: string): Promise<T | undefined> {
    const state = { isSettled: false }
    const outcome = promise
      .catch((error: unknown) => {
        if (hasCode(error, 'unavailable') && this.#isHindered) return undefined
        expect(error).toMatchObject({ code: mayRefuse })
        return undefined
      })
      .finally(() => (state.isSettled = true))
    while (!state.isSettled) await this.#harness.clock.advance(this.#isHindered ? 500 : 0)
    return await outcome
  }

  #watcher(which: number): Watcher | undefined {
    return this.#watchers[which % this.#watchers.length]
  }

  #nextValue(): string {
    this.#values += 1
    return `v${this.#values}`
  }
}

test('keys, watches and revisions are those of a map, whatever breaks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }),
      async (steps) => {
        await using harness = await setUpCatalog()
        const run = new Run(harness)
        for (const one of steps) {
          await run.take(one)
          run.check()
        }
        await run.mend()
        run.check()
      },
    ),
    { numRuns: 100 },
  )
})
