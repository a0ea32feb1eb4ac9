import type { KvEvent, KvSnapshotEvent } from '@rollcall/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { SteppedWatches } from '../../testing/stepped-watches.ts'
import { PrefixSet } from './prefix-set.ts'

/** Two of the prefixes of the second lie below each other. */
const PREFIXES = [['a/'], ['a/', 'c/', 'a/b/']]
/** With so many, changes are collected for a while. */
const OTHERS = [0, 150]
const KEYS = ['a/1', 'a/b/1', 'a/b/2', 'b', 'c/1', 'c/2', 'c/3']

/** A client that does as it is told, event by event, and remembers where it is. */
class Client {
  readonly known = new Map<string, string>()
  id: string | undefined
  readonly #begun = new Set<string>()
  /** Up to which it has done everything: what is told again was done already. */
  #done = 0

  read(text: string): void {
    for (const block of text.split('\n\n').slice(0, -1)) this.#event(block.split('\n'))
  }

  /** Another connection. What was told after the last id is told again. */
  connected(): void {
    this.#begun.clear()
  }

  #event(lines: readonly string[]): void {
    const fields = new Map(lines.map((line) => line.split(/: (.*)/s, 2) as [string, string]))
    const data: unknown = JSON.parse(fields.get('data') ?? 'null')
    if (fields.get('event') === 'resync') this.#begun.clear()
    if (fields.get('event') === 'kv-snapshot') this.#page(data as KvSnapshotEvent)
    if (fields.get('event') === 'kv') this.#changes(data as KvEvent)
    this.id = fields.get('id') ?? this.id
  }

  #page({ prefix, entries, revision }: KvSnapshotEvent): void {
    if (!this.#begun.has(prefix)) {
      for (const key of this.known.keys()) if (key.startsWith(prefix)) this.known.delete(key)
    }
    this.#begun.add(prefix)
    for (const { key, valueBase64 = '' } of entries) this.known.set(key, valueBase64)
    expect(revision).toBeGreaterThanOrEqual(this.#done)
    this.#done = revision
  }

  #changes({ revision, puts, deletes }: KvEvent): void {
    if (revision <= this.#done) return
    this.#done = revision
    for (const { key, valueBase64, modRevision } of puts) {
      expect(modRevision).toBe(revision)
      this.known.set(key, valueBase64)
    }
    for (const key of deletes) this.known.delete(key)
  }
}

async function setUp({ watched, others }: { watched: readonly string[]; others: number }) {
  const harness = await setUpCatalog()
  const { catalog, clock } = harness
  const { kv } = catalog
  const watches = new SteppedWatches({
    catalog,
    clock,
    topicsOf: (hub) => [hub.kvTopic(catalog, new PrefixSet(watched))],
    queueMaxChanges: 4,
    queueMaxBytes: 2_000,
  })
  watches.crowd(others)
  /** What a watcher must know in the end. */
  const truth = () =>
    kv
      .list({ prefix: '', limit: 100 })
      .entries.filter((entry) => watched.some((prefix) => entry.key.startsWith(prefix)))
      .map((entry) => [entry.key, Buffer.from(entry.value).toString('base64')])
  return Object.assign(harness, { kv, watches, truth })
}

type Step =
  | { readonly kind: 'put'; readonly key: string; readonly length: number }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'several' | 'burst'; readonly keys: readonly string[] }
  | { readonly kind: 'take' | 'wait' }
  | { readonly kind: 'reconnect' }

const key = fc.constantFrom(...KEYS)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, length: fc.constantFrom(1, 90, 900) }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({
    kind: fc.constantFrom('several' as const, 'burst' as const),
    keys: fc.uniqueArray(key, { minLength: 2 }),
  }),
  fc.constant({ kind: 'take' as const }),
  fc.constant({ kind: 'take' as const }),
  fc.constant({ kind: 'wait' as const }),
  fc.constant({ kind: 'reconnect' as const }),
)

const steps = fc.array(step, { minLength: 5, maxLength: 60 })
const setUps = fc.record({
  watched: fc.constantFrom(...PREFIXES),
  others: fc.constantFrom(...OTHERS),
})

test('whoever does as a watch says has what is, however slowly it reads and however often it comes back', async () => {
  await fc.assert(
    fc.asyncProperty(setUps, steps, async (options, taken) => {
      await using t = await setUp(options)
      const client = new Client()
      let connection = t.watches.open(undefined)
      let read = 0
      // What the client has taken is what the connection carried whole.
      const look = () => {
        const end = connection.wire.text.lastIndexOf('\n\n') + 2
        if (end > read) client.read(connection.wire.text.slice(read, end))
        read = Math.max(read, end)
      }
      for (const [at, one] of taken.entries()) {
        await write(t, one, (length) => Buffer.from(String(at).padEnd(length, 'x')))
        if (one.kind === 'take') connection.wire.take()
        await t.clock.advance(0)
        if (one.kind === 'wait') await t.clock.advance(3)
        if (one.kind === 'reconnect') {
          look()
          connection.exit()
          connection.wire.destroy()
          client.connected()
          connection = t.watches.open(client.id)
          read = 0
        }
      }
      await t.clock.advance(100)
      while (connection.wire.take()) await t.clock.advance(0)
      look()
      expect([...client.known].sort()).toEqual(t.truth())
    }),
    { numRuns: 200 },
  )
})

async function write(
  { kv, catalog }: Pick<Awaited<ReturnType<typeof setUp>>, 'kv' | 'catalog'>,
  step: Step,
  value: (length: number) => Buffer,
): Promise<void> {
  if (step.kind === 'put') await kv.put(step.key, value(step.length))
  if (step.kind === 'delete') await kv.delete(step.key).catch(() => {})
  if (step.kind === 'burst') await Promise.all(step.keys.map((name) => kv.put(name, value(5))))
  if (step.kind === 'several') {
    const then = step.keys.map((name) => ({ put: { key: name, value: value(5) } }))
    await catalog.txn({ compares: [], then, otherwise: [] })
  }
}
