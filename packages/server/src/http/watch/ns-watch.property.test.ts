import { hasCode, type NsEvent, type NsSnapshotEvent, type Resource } from '@rollcall/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Catalog } from '../../catalog/index.ts'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { SteppedWatches } from '../../testing/stepped-watches.ts'
import { PathSet } from './path-set.ts'
import { PrefixSet } from './prefix-set.ts'

/** What is there at first; what is renamed and moved takes what it holds to other names. */
const INNER = ['a', 'b', 'a/x']
const LEAVES = ['a/l', 'a/x/l', 'b/l']
const PATHS = ['a', 'b', 'c', 'a/x', 'b/x', 'a/l', 'a/m', 'a/x/l', 'b/l', 'b/x/l', 'pool']
const NAMES = ['a', 'b', 'c', 'x', 'l', 'm']
const WATCHED = [[''], ['a'], ['b', 'a/x']]

const isWithin = (path: string, ancestor: string) =>
  ancestor === '' || path === ancestor || path.startsWith(`${ancestor}/`)

/** A client that does as it is told, event by event, and remembers where it is. */
class Client {
  readonly namespaces = new Map<string, string>()
  readonly rows = new Map<string, Resource>()
  id: string | undefined
  readonly #watched: readonly string[]
  readonly #begun = new Set<string>()
  /** Up to which it has done everything: what is told again was done already. */
  #known = 0

  constructor(watched: readonly string[]) {
    this.#watched = watched
  }

  read(text: string): void {
    for (const block of text.split('\n\n').slice(0, -1)) this.#event(block.split('\n'))
  }

  /** Another connection. What was told after the last id is told again. */
  connected(): void {
    this.#begun.clear()
  }

  known(): unknown {
    return [[...this.namespaces].sort(), [...this.rows.values()].map(textOf).sort()]
  }

  #event(lines: readonly string[]): void {
    const fields = new Map(lines.map((line) => line.split(/: (.*)/s, 2) as [string, string]))
    const data: unknown = JSON.parse(fields.get('data') ?? 'null')
    if (fields.get('event') === 'resync') this.#begun.clear()
    if (fields.get('event') === 'ns-snapshot') this.#page(data as NsSnapshotEvent)
    if (fields.get('event') === 'ns') this.#change(data as NsEvent)
    this.id = fields.get('id') ?? this.id
  }

  #page({ path, namespaces, resources, templates, revision }: NsSnapshotEvent): void {
    if (!this.#begun.has(path)) this.#drop(path)
    this.#begun.add(path)
    for (const each of namespaces) this.namespaces.set(each.path, each.id)
    for (const row of [...resources, ...templates]) this.rows.set(keyOf(row), row)
    expect(revision).toBeGreaterThanOrEqual(this.#known)
    this.#known = revision
  }

  #change(event: NsEvent): void {
    if (event.revision <= this.#known) return
    if (event.more !== true) this.#known = event.revision
    const { path } = event
    if ('namespace' in event) {
      if (event.kind === 'moved') this.#move(path, event.namespace.path)
      else this.namespaces.set(path, event.namespace.id)
    } else if (event.kind === 'deleted') this.#drop(path)
    else {
      for (const id of event.removed) this.rows.delete(`${path} ${event.type} ${id}`)
      for (const row of event.upserted) this.rows.set(keyOf(row), row)
    }
  }

  #drop(path: string): void {
    for (const known of this.namespaces.keys()) {
      if (isWithin(known, path)) this.namespaces.delete(known)
    }
    for (const [key, { ns }] of this.rows) if (isWithin(ns, path)) this.rows.delete(key)
  }

  #move(from: string, to: string): void {
    const namespaces = [...this.namespaces].filter(([path]) => isWithin(path, from))
    const rows = [...this.rows.values()].filter(({ ns }) => isWithin(ns, from))
    this.#drop(from)
    const moved = (path: string) => to + path.slice(from.length)
    const isWatched = (path: string) => this.#watched.some((watched) => isWithin(path, watched))
    for (const [path, id] of namespaces) {
      if (isWatched(moved(path))) this.namespaces.set(moved(path), id)
    }
    for (const row of rows) {
      const there = { ...row, ns: moved(row.ns) }
      if (isWatched(there.ns)) this.rows.set(keyOf(there), there)
    }
  }
}

const keyOf = ({ ns, type, id }: Pick<Resource, 'ns' | 'type' | 'id'>) => `${ns} ${type} ${id}`
const textOf = (row: Resource) => `${keyOf(row)} ${JSON.stringify(row.properties)}`

interface SetUp {
  readonly watched: readonly string[]
  readonly others: number
  /** Whether keys are watched beside. */
  readonly withKeys: boolean
}

async function setUp({ watched, others, withKeys }: SetUp) {
  const harness = await setUpCatalog()
  const { catalog, clock } = harness
  for (const path of INNER) await make(catalog, path, 'inner')
  for (const path of LEAVES) await make(catalog, path, 'leaf')
  const watches = new SteppedWatches({
    catalog,
    clock,
    topicsOf: (hub) => [
      ...(withKeys ? [hub.kvTopic(catalog, new PrefixSet(['k/']))] : []),
      hub.nsTopic(catalog, new PathSet(watched)),
    ],
    queueMaxChanges: 6,
    queueMaxBytes: 4_000,
  })
  watches.crowd(others)
  return Object.assign(harness, { watches })
}

async function make(catalog: Catalog, path: string, kind: 'leaf' | 'inner'): Promise<void> {
  const names = path.split('/')
  const name = names.pop() ?? ''
  await catalog.namespaces.create(names.join('/'), { name, kind })
}

/** What a watcher must know in the end. */
function truthOf({ namespaces, resources }: Catalog, watched: readonly string[]): unknown {
  const all = Array.from(namespaces.below('')).filter(({ path }) =>
    watched.some((each) => isWithin(path, each)),
  )
  const rows = all.flatMap(({ path, kind }) => {
    const query = { type: 'collect', ns: path, template: kind === 'inner', limit: 1_000 }
    return resources.list(query).resources
  })
  return [
    all.map(({ path, id }) => [path, id]).sort(),
    rows.map((row) => textOf(row as Resource)).sort(),
  ]
}

type Step =
  | { readonly kind: 'create'; readonly path: string; readonly leaf: boolean }
  | { readonly kind: 'move'; readonly path: string; readonly parent: string; readonly name: string }
  | { readonly kind: 'delete' | 'add' | 'template' | 'several'; readonly path: string }
  | { readonly kind: 'remove' | 'merge'; readonly id: number }
  | { readonly kind: 'put'; readonly length: number }
  | { readonly kind: 'transfer'; readonly path: string; readonly to: string }
  | { readonly kind: 'take' | 'wait' | 'reconnect' }

const path = fc.constantFrom(...PATHS)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), path, leaf: fc.boolean() }),
  fc.record({
    kind: fc.constant('move' as const),
    path,
    parent: fc.constantFrom('', 'a', 'b', 'c', 'a/x'),
    name: fc.constantFrom(...NAMES),
  }),
  fc.record({
    kind: fc.constantFrom(
      'delete' as const,
      'add' as const,
      'template' as const,
      'several' as const,
    ),
    path,
  }),
  fc.record({ kind: fc.constantFrom('remove' as const, 'merge' as const), id: fc.nat(20) }),
  fc.record({ kind: fc.constant('transfer' as const), path, to: path }),
  fc.record({ kind: fc.constant('put' as const), length: fc.constantFrom(1, 900) }),
  fc.constant({ kind: 'take' as const }),
  fc.constant({ kind: 'take' as const }),
  fc.constant({ kind: 'wait' as const }),
  fc.constant({ kind: 'reconnect' as const }),
)

const steps = fc.array(step, { minLength: 5, maxLength: 50 })
const setUps = fc.record({
  watched: fc.constantFrom(...WATCHED),
  others: fc.constantFrom(0, 150),
  withKeys: fc.boolean(),
})

/** A move that is told again, when something else is where it began. */
const MOVED: readonly Step[] = [
  { kind: 'move', path: 'a/x', parent: 'a', name: 'a' },
  { kind: 'create', path: 'a/x', leaf: false },
]
const TAKEN: readonly Step[] = [{ kind: 'take' }, { kind: 'take' }, { kind: 'take' }]
const EXAMPLES: [SetUp, readonly Step[]][] = [
  // The client is cut off while it takes the last page.
  [
    { watched: [''], others: 0, withKeys: false },
    [{ kind: 'take' }, ...MOVED, ...TAKEN, { kind: 'reconnect' }],
  ],
  // It is cut off between revisions that came as one.
  [
    { watched: [''], others: 150, withKeys: true },
    [
      ...TAKEN,
      ...TAKEN,
      { kind: 'create', path: 'c', leaf: false },
      ...TAKEN,
      ...MOVED,
      { kind: 'add', path: 'a/l' },
      { kind: 'wait' },
      { kind: 'reconnect' },
    ],
  ],
  // It is too slow, and cut off between the pages of what it is told anew.
  [
    { watched: ['b', 'a/x'], others: 0, withKeys: false },
    [
      ...TAKEN,
      ...TAKEN,
      ...Array.from({ length: 9 }, (): Step => ({ kind: 'add', path: 'b/l' })),
      ...Array.from({ length: 7 }, (): Step => ({ kind: 'take' })),
      { kind: 'reconnect' },
    ],
  ],
]

test('whoever does as a watch of namespaces says has what is, however slowly it reads and however often it comes back', async () => {
  await fc.assert(
    fc.asyncProperty(setUps, steps, async (options, taken) => {
      await using t = await setUp(options)
      const client = new Client(options.watched)
      let connection = t.watches.open(undefined)
      let read = 0
      // What the client has taken is what the connection carried whole.
      const look = () => {
        const end = connection.wire.text.lastIndexOf('\n\n') + 2
        if (end > read) client.read(connection.wire.text.slice(read, end))
        read = Math.max(read, end)
      }
      for (const [at, one] of taken.entries()) {
        await write(t.catalog, one, at).catch(refusedOnly)
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
      expect(client.known()).toEqual(truthOf(t.catalog, options.watched))
    }),
    { numRuns: 150, examples: EXAMPLES },
  )
})

/** Many of the steps that are drawn cannot be done, such as moving what is not there. */
function refusedOnly(error: unknown): void {
  const codes = [
    'namespace_not_found',
    'resource_not_found',
    'already_exists',
    'invalid_parent',
    'would_cycle',
    'not_empty',
    'forbidden',
    'invalid_argument',
  ] as const
  if (!codes.some((code) => hasCode(error, code))) throw error
}

async function write(catalog: Catalog, step: Step, at: number): Promise<void> {
  const { namespaces, resources } = catalog
  const type = 'collect'
  const properties = { name: `n${at}`, filler: 'x'.repeat((at % 5) * 100) }
  if (step.kind === 'put') await catalog.kv.put('k/1', Buffer.alloc(step.length, 'x'))
  if (step.kind === 'create') await make(catalog, step.path, step.leaf ? 'leaf' : 'inner')
  if (step.kind === 'move') {
    const { parent, name } = step
    await namespaces.change(step.path, { parent, name })
  }
  if (step.kind === 'delete') await namespaces.delete(step.path)
  if (step.kind === 'add') {
    await resources.add({ type, ns: step.path }, { id: String(at % 20), properties })
  }
  if (step.kind === 'template') {
    const place = { type, ns: step.path, template: true }
    await resources.add(place, { id: `t${at}`, properties })
  }
  if (step.kind === 'several') {
    const operations = [0, 1, 2].map((more) => ({
      add: {
        ns: step.path,
        id: `s${at}-${more}`,
        properties: { ...properties, name: `${at}-${more}` },
      },
    }))
    await resources.batch(type, operations)
  }
  if (step.kind === 'remove') await resources.delete({ type, id: String(step.id) })
  if (step.kind === 'merge')
    await resources.merge({ type, id: String(step.id) }, { at: String(at) })
  if (step.kind === 'transfer') {
    const { resources: rows } = resources.list({ type, ns: step.path, limit: 2 })
    const ids = rows.map(({ id }) => id)
    await resources.move({ type, from: step.path, to: step.to, ids })
  }
}
