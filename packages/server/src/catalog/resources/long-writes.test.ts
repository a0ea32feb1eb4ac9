/**
 * Writes of so many resources that they are drafted in slices, and what others do meanwhile.
 */

import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { endings } from '../../testing/tree-content.ts'
import type { Operation } from '../engine.ts'
import { FAMILY, rowKey } from '../key-schema.ts'
import { RESOURCE_LIMITS } from '../limits.ts'
import { encodeResource } from './resource-record.ts'

const ROWS = 300

/** Once it is slow, whoever looks at the time finds its slice to be over. */
class SlowClock extends FakeClock {
  isSlow = false

  override monotonicMs(): number {
    if (this.isSlow) this.stall(10)
    return super.monotonicMs()
  }
}

async function setUp() {
  const clock = new SlowClock()
  const harness = await setUpCatalog({ clock })
  const { namespaces, resources, kv } = harness.catalog
  for (const name of ['web', 'db']) await namespaces.create('', { name, kind: 'leaf' })
  const names = (ns: string) =>
    resources
      .list({ type: 'deploy', ns, limit: 5_000 })
      .resources.map(({ properties }) => properties['name'] ?? '')
  /** Begins and comes to the first pause: nothing goes on before the time does. */
  const begin = async <Answer>(write: () => Promise<Answer>) => {
    clock.isSlow = true
    const writing = write()
    for (let step = 0; step < 10; step += 1) await kv.put('meanwhile', new Uint8Array())
    clock.isSlow = false
    return { writing }
  }
  return {
    ...harness,
    clock,
    namespaces,
    resources,
    names,
    begin,
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  }
}

const adding = (ns: string, count: number, id?: string) =>
  Array.from({ length: count }, (_, at) => ({
    add: { ns, id: id && `${id}-${at}`, properties: { name: `${ns}-${at}` } },
  }))

test('a long commit of another node is read in slices, and seen at once and in its turn', async () => {
  await using t = await setUp()
  const ns = t.namespaces.get('web').id
  const put = (name: string): Operation => ({
    kind: 'put',
    key: rowKey(FAMILY.resource, ns, { type: 'deploy', key: name }),
    value: encodeResource({ id: name, properties: { name } }),
  })
  const names = Array.from({ length: 600 }, (_, at) => `other-${at}`)
  t.clock.isSlow = true
  const long = await t.engine.commit({ compares: [], then: names.map(put) })
  const next = await t.engine.commit({ compares: [], then: [put('last')] })
  // Whatever needs no time has happened by then, several times over.
  for (let step = 0; step < 50; step += 1) await Promise.resolve()
  expect(t.catalog.status().viewRevision).toBe(long.revision - 1)
  expect(t.names('web')).toEqual([])

  const heard: number[] = []
  t.namespaces.subscribe('', ({ revision }) => {
    heard.push(revision)
    expect(t.names('web')).toHaveLength(revision === long.revision ? 600 : 601)
  })
  t.clock.isSlow = false
  await t.clock.advance(0)
  expect(heard).toEqual([long.revision, next.revision])
})

test('others write while a long batch is drafted, and nobody sees half of it', async () => {
  await using t = await setUp()
  const { writing } = await t.begin(() => t.resources.batch('deploy', adding('web', ROWS)))
  const between = await t.catalog.kv.put('a', new Uint8Array())
  expect(t.names('web')).toEqual([])
  const [written] = await endings(t.clock, [writing])
  expect(written).toMatchObject({ isBehind: false })
  expect(t.names('web')).toHaveLength(ROWS)
  const revisions = t.resources
    .list({ type: 'deploy', ns: 'web', limit: ROWS })
    .resources.map(({ revision }) => revision)
  expect(new Set(revisions).size).toBe(1)
  expect(revisions[0]).toBeGreaterThan(between.revision)
})

test('two paths of a long batch are two namespaces, though they change names meanwhile', async () => {
  await using t = await setUp()
  const operations = [...adding('web', ROWS, 'w'), ...adding('db', ROWS, 'd')]
  const { writing } = await t.begin(() => t.resources.batch('deploy', operations))
  for (const [from, name] of [
    ['web', 'x'],
    ['db', 'web'],
    ['x', 'db'],
  ] as const) {
    await t.namespaces.change(from, { name })
  }
  await endings(t.clock, [writing])
  expect([t.names('web').length, t.names('db').length]).toEqual([ROWS, ROWS])
  expect(t.names('web').every((name) => name.startsWith('web'))).toBe(true)
})

test('a namespace that goes while a long batch is drafted refuses all of it', async () => {
  await using t = await setUp()
  const operations = [...adding('web', ROWS, 'w'), ...adding('db', ROWS, 'd')]
  const { writing } = await t.begin(() => t.resources.batch('deploy', operations))
  await t.namespaces.delete('web')
  const [refused] = await endings<unknown>(t.clock, [writing])
  expect(refused).toMatchObject({ code: 'namespace_not_found', details: { path: 'web' } })
  expect(t.names('db')).toEqual([])
  await t.resources.add({ type: 'deploy', ns: 'db' }, { properties: { name: 'next' } })
})

test('who adds one of the type meanwhile waits for the batch, and finds what it did', async () => {
  await using t = await setUp()
  await using other = await t.another('n2')
  const { writing } = await t.begin(() => t.resources.batch('deploy', adding('web', ROWS)))
  const adds = other.catalog.resources.add(
    { type: 'deploy', ns: 'web' },
    { properties: { name: 'web-299' } },
  )
  const ends = await endings<unknown>(t.clock, [writing, adds])
  expect(ends).toMatchObject([{ isBehind: false }, { code: 'already_exists' }])
})

test('a list of more than may be changed at once is refused before it is gone through', async () => {
  await using t = await setUp()
  const { rows } = RESOURCE_LIMITS
  await t.resources.batch('deploy', adding('web', rows))
  await t.resources.add({ type: 'deploy', ns: 'web' }, { properties: { name: 'more' } })
  const replacing = t.resources.replace({ type: 'deploy', ns: 'web' }, [])
  await expect(replacing).rejects.toMatchObject({
    code: 'limit_exceeded',
    details: { limit: rows, actual: rows + 1 },
  })
  await t.resources.add({ type: 'deploy', ns: 'web' }, { properties: { name: 'next' } })
})
