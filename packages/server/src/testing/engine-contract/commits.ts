/**
 * What one commit does: its compares, its branches, its revision; and ranges.
 *
 * @module
 */

import { expect, test } from 'vitest'
import type { Compare } from '../../catalog/engine.ts'
import {
  bytes,
  contentOf,
  doAll,
  inShort,
  live,
  nextChange,
  plain,
  put,
  read,
  remove,
  removeBelow,
  watched,
  type EngineKind,
} from './home.ts'

export function commitContract(kind: EngineKind): void {
  test('a commit does all of its branch in one revision', async () => {
    const { engine } = await live(kind)
    const before = await engine.revision()
    const first = await doAll(engine, put('a', '1'), put('b', '2'), put('b/c', '3'))
    expect(first.succeeded).toBe(true)
    expect(first.revision).toBeGreaterThan(before)
    const second = await doAll(engine, put('a', '4'), remove('b'), remove('nothing'))
    expect(second.results).toEqual([
      { kind: 'put' },
      { kind: 'deleted', count: 1 },
      { kind: 'deleted', count: 0 },
    ])
    expect((await engine.range({ prefix: '', limit: 10 })).entries.map(plain)).toEqual([
      {
        key: 'a',
        value: '4',
        createRevision: first.revision,
        modRevision: second.revision,
        lease: 0,
      },
      {
        key: 'b/c',
        value: '3',
        createRevision: first.revision,
        modRevision: first.revision,
        lease: 0,
      },
    ])
    expect(second.revision).toBeGreaterThan(first.revision)
    expect(await engine.revision()).toBeGreaterThanOrEqual(second.revision)
  })

  test('one that changes nothing has the revision at which it was judged', async () => {
    const { engine } = await live(kind)
    const { revision } = await doAll(engine, put('a', '1'))
    const commit = { compares: [{ kind: 'exists', key: 'a', exists: false }], then: [put('a')] }
    const refused = await engine.commit(commit as never)
    expect(refused).toMatchObject({ succeeded: false, results: [] })
    expect(refused.revision).toBeGreaterThanOrEqual(revision)
    const done = await doAll(engine, remove('b'), removeBelow('c'), read('a'))
    expect(done.succeeded).toBe(true)
    expect(done.revision).toBeGreaterThanOrEqual(refused.revision)
    expect(await engine.revision()).toBeGreaterThanOrEqual(done.revision)
    const next = await doAll(engine, put('a', '1'))
    expect(next.revision).toBeGreaterThan(done.revision)
    expect(await nextChange(engine, revision + 1)).toEqual([next.revision, '+a=1'])
  })

  test('the other branch is done when a compare does not hold', async () => {
    const { engine } = await live(kind)
    await doAll(engine, put('a', '1'))
    const answer = await engine.commit({
      compares: [
        { kind: 'exists', key: 'a', exists: true },
        { kind: 'empty', prefix: 'a' },
      ],
      then: [put('then')],
      otherwise: [put('otherwise', 'x'), read('otherwise')],
    })
    expect(answer.succeeded).toBe(false)
    expect(answer.results).toMatchObject([{ kind: 'put' }, { entry: { value: bytes('x') } }])
    expect(Object.keys(await contentOf(engine))).toEqual(['a', 'otherwise'])
  })

  test('a get sees what the operations before it did, and nothing of those after it', async () => {
    const { engine } = await live(kind)
    const { revision: first } = await doAll(engine, put('a', '1'), put('p/1'), put('p/2'))
    const operations = [
      read('a'),
      put('a', '2'),
      read('a'),
      read('new'),
      put('new', '3'),
      read('new'),
      removeBelow('p/'),
      read('p/1'),
    ]
    const { results, revision } = await doAll(engine, ...operations)
    const entries = results.map((result) =>
      result.kind === 'got' ? result.entry && plain(result.entry) : result,
    )
    const lease = 0
    expect(entries).toEqual([
      { key: 'a', value: '1', createRevision: first, modRevision: first, lease },
      { kind: 'put' },
      { key: 'a', value: '2', createRevision: first, modRevision: revision, lease },
      undefined,
      { kind: 'put' },
      { key: 'new', value: '3', createRevision: revision, modRevision: revision, lease },
      { kind: 'deleted', count: 2 },
      undefined,
    ])
  })

  test('a key that was deleted begins a new life', async () => {
    const { engine } = await live(kind)
    await doAll(engine, put('a', '1'))
    await doAll(engine, remove('a'))
    const { revision } = await doAll(engine, put('a', '2'))
    const { entries } = await engine.range({ prefix: 'a', limit: 1 })
    expect(entries).toMatchObject([{ createRevision: revision, modRevision: revision }])
  })

  test('each compare holds when it should, and not when it should not', async () => {
    const { engine } = await live(kind)
    const lease = await engine.leases.grant({ ttlMs: 60_000 })
    const { revision: created } = await doAll(engine, put('d/k', 'old'), put('d/l', '', lease.id))
    const { revision: changed } = await doAll(engine, put('d/k', 'new'))
    for (const [compare, expected] of comparesOn({ created, changed, lease: lease.id })) {
      const { succeeded } = await engine.commit({ compares: [compare], then: [] })
      expect({ compare, succeeded }).toEqual({ compare, succeeded: expected })
    }
  })

  test('unchanged_since sees puts, also later ones, and no deletes', async () => {
    const { engine } = await live(kind)
    const { revision } = await doAll(engine, put('d/1'), put('d/2'), put('e'))
    const isUnchanged = async () => {
      const compare = { kind: 'unchanged_since', prefix: 'd/', revision } as const
      return (await engine.commit({ compares: [compare], then: [] })).succeeded
    }
    await doAll(engine, put('e', 'outside'))
    expect(await isUnchanged()).toBe(true)
    await doAll(engine, remove('d/1'))
    expect(await isUnchanged()).toBe(true)
    await doAll(engine, put('d/3'))
    expect(await isUnchanged()).toBe(false)
    await doAll(engine, remove('d/3'))
    expect(await isUnchanged()).toBe(true)
  })

  test.each([
    ['two puts', [put('a', '1'), put('a', '2')]],
    ['a put and a delete', [put('a', '1'), remove('a')]],
    ['two deletes', [remove('a'), remove('a')]],
    ['a put below a deleted prefix', [removeBelow('a'), put('a/1')]],
    ['a prefix deleted over a put', [put('a/1'), put('b'), removeBelow('a/')]],
  ])('a branch that writes a key twice is refused: %s', async (_, branch) => {
    const { engine } = await live(kind)
    await doAll(engine, put('a', 'old'))
    await expect(doAll(engine, ...branch)).rejects.toMatchObject({ code: 'invalid_argument' })
    const other = { compares: [], then: [put('c')], otherwise: branch }
    await expect(engine.commit(other)).rejects.toMatchObject({ code: 'invalid_argument' })
    expect(await contentOf(engine)).toEqual({ a: 'old' })
  })

  test('both branches may write one key, and a prefix may be deleted over deleted keys', async () => {
    const { engine } = await live(kind)
    await doAll(engine, put('a/1'), put('a/2'), put('a/3'))
    const then = [remove('a/1'), removeBelow('a/2'), removeBelow('a/')]
    const { results } = await engine.commit({ compares: [], then, otherwise: [put('a/1')] })
    expect(results.map((result) => result.kind === 'deleted' && result.count)).toEqual([1, 1, 1])
    expect(await contentOf(engine)).toEqual({})
  })

  test('keys are ordered by their bytes, and pages neither repeat nor leave out', async () => {
    const { engine } = await live(kind)
    const keys = ['a', 'a\u0000', 'a/', 'aa', 'b', 'é', '\ufb01', '\u{1f600}', '\u{10ffff}']
    await doAll(engine, ...keys.toReversed().map((key) => put(key, key)))
    expect(Object.keys(await contentOf(engine))).toEqual(keys)
    const first = await engine.range({ prefix: 'a', limit: 2 })
    expect(first).toMatchObject({ more: true, entries: [{ key: 'a' }, { key: 'a\u0000' }] })
    const second = await engine.range({ prefix: 'a', after: 'a\u0000', limit: 2 })
    expect(second).toMatchObject({ more: false, entries: [{ key: 'a/' }, { key: 'aa' }] })
    expect(await engine.range({ prefix: 'a', after: 'b', limit: 2 })).toMatchObject({ entries: [] })
    expect(await engine.range({ prefix: '\u{1f600}', after: 'a', limit: 2 })).toMatchObject({
      entries: [{ key: '\u{1f600}' }],
    })
  })

  test('a range and the revision know all that was answered before them', async () => {
    const { engine } = await live(kind)
    for (let count = 1; count <= 20; count += 1) {
      const { revision } = await doAll(engine, put('k', String(count)))
      expect(await engine.revision()).toBeGreaterThanOrEqual(revision)
      const range = await engine.range({ prefix: 'k', limit: 1 })
      expect(range.revision).toBeGreaterThanOrEqual(revision)
      expect(range.entries).toMatchObject([{ value: bytes(String(count)) }])
    }
  })

  test('commits of one serial never share a revision', async () => {
    const { engine } = await live(kind)
    const from = (await engine.revision()) + 1
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        engine.commit({ compares: [], then: [put(`k/${at}`)], serial: 's' }),
      ),
    )
    const revisions = answers.map(({ revision }) => revision)
    expect(new Set(revisions).size).toBe(50)
    const batches = await watched(engine, from, Math.max(...revisions))
    expect(batches.map(inShort).map(([, ...changes]) => changes.length)).toEqual(Array(50).fill(1))
  })
}

interface Known {
  readonly created: number
  readonly changed: number
  readonly lease: number
}

function comparesOn({ created, changed, lease }: Known): readonly (readonly [Compare, boolean])[] {
  const on = (key: string) => (of: 'create' | 'mod', is: '=' | '<' | '>', number: number) =>
    ({ kind: 'revision', key, of, is, revision: number }) as const
  const revision = on('d/k')
  const ofNone = on('none')
  return [
    [{ kind: 'exists', key: 'd/k', exists: true }, true],
    [{ kind: 'exists', key: 'd/k', exists: false }, false],
    [{ kind: 'exists', key: 'd/', exists: true }, false],
    [{ kind: 'exists', key: 'd/', exists: false }, true],
    [revision('create', '=', created), true],
    [revision('create', '=', changed), false],
    [revision('create', '<', changed), true],
    [revision('create', '>', created), false],
    [revision('mod', '=', changed), true],
    [revision('mod', '=', created), false],
    [revision('mod', '>', created), true],
    [revision('mod', '>', changed), false],
    [revision('mod', '<', changed), false],
    [revision('mod', '<', changed + 1), true],
    [ofNone('mod', '=', 0), true],
    [ofNone('create', '<', 1), true],
    [ofNone('create', '>', 0), false],
    [{ kind: 'value', key: 'd/k', value: bytes('new') }, true],
    [{ kind: 'value', key: 'd/k', value: bytes('old') }, false],
    [{ kind: 'value', key: 'd/k', value: bytes('ne') }, false],
    [{ kind: 'value', key: 'none', value: bytes('') }, false],
    [{ kind: 'lease', key: 'd/k', lease: 0 }, true],
    [{ kind: 'lease', key: 'd/l', lease: 0 }, false],
    [{ kind: 'lease', key: 'd/l', lease }, true],
    [{ kind: 'lease', key: 'd/l', lease: lease === 1 ? 2 : lease - 1 }, false],
    [{ kind: 'lease', key: 'none', lease: 0 }, false],
    [{ kind: 'empty', prefix: 'd' }, false],
    [{ kind: 'empty', prefix: 'd/k' }, false],
    [{ kind: 'empty', prefix: 'd/k/' }, true],
    [{ kind: 'empty', prefix: '' }, false],
    [{ kind: 'unchanged_since', prefix: 'd/', revision: created }, false],
    [{ kind: 'unchanged_since', prefix: 'd/', revision: changed }, true],
    [{ kind: 'unchanged_since', prefix: 'd/l', revision: created }, true],
    [{ kind: 'unchanged_since', prefix: 'none', revision: 0 }, true],
  ]
}
