import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { NAMESPACE_LIMITS } from '../limits.ts'
import { putNode } from './namespace-write.ts'

const leaf = (name: string) => ({ name, kind: 'leaf' as const })
const inner = (name: string) => ({ name, kind: 'inner' as const })

async function setUp() {
  const harness = await setUpCatalog()
  const { namespaces } = harness.catalog
  const make = async (path: string, kind: 'leaf' | 'inner' = 'inner') => {
    const names = path.split('/')
    const name = names.pop() ?? ''
    const { namespace } = await namespaces.create(names.join('/'), { name, kind })
    return namespace
  }
  return { harness, namespaces, make, [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose]() }
}

test('every catalog has a root and a leaf for machines that belong nowhere', async () => {
  await using t = await setUp()
  expect(t.namespaces.get('')).toMatchObject({ id: '0', path: '', name: 'root', kind: 'inner' })
  expect(t.namespaces.get('pool')).toMatchObject({ path: 'pool', name: 'pool', kind: 'leaf' })
  expect(Array.from(t.namespaces.below(''), ({ path }) => path)).toEqual(['', 'pool'])
})

test('a namespace is created in an inner one, and found by path and by id', async () => {
  await using t = await setUp()
  await t.namespaces.create('', inner('product'))
  const { namespace, isBehind } = await t.namespaces.create('product', {
    ...leaf('server'),
    match: '^web-',
    comment: 'ours',
  })
  expect(isBehind).toBe(false)
  expect(namespace).toMatchObject({ path: 'product/server', name: 'server', comment: 'ours' })
  expect(namespace.id).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  expect(t.namespaces.get('product/server')).toEqual(namespace)
  expect(t.namespaces.byId(namespace.id)).toEqual(namespace)
  expect(t.namespaces.find('product/none')).toBeUndefined()
  expect(() => t.namespaces.get('product/none')).toThrow(
    expect.objectContaining({ code: 'namespace_not_found', details: { path: 'product/none' } }),
  )
})

const A = { parent: '', name: 'a', kind: 'leaf' as const }

test.each([
  ['a name that is taken', { ...A, name: 'pool', code: 'already_exists' }],
  ['a parent that is a leaf', { ...A, parent: 'pool', code: 'invalid_parent' }],
  ['a parent that is not there', { ...A, parent: 'none', code: 'namespace_not_found' }],
  ['an empty name', { ...A, name: '', code: 'invalid_argument' }],
  ['a name with other characters', { ...A, name: 'A_b', code: 'invalid_argument' }],
  ['a long name', { ...A, name: 'a'.repeat(65), code: 'limit_exceeded' }],
  ['a rule that is no pattern', { ...A, match: '(', code: 'invalid_argument' }],
  ['a long comment', { ...A, comment: 'é'.repeat(513), code: 'limit_exceeded' }],
])('%s is refused', async (_, refused) => {
  const { parent, code, ...namespace } = refused
  await using t = await setUp()
  await expect(t.namespaces.create(parent, namespace)).rejects.toMatchObject({ code })
  expect([...t.namespaces.below('')]).toHaveLength(2)
})

test('a tree is told as deep as asked for, siblings in order of their names', async () => {
  await using t = await setUp()
  for (const path of ['b', 'a', 'a/y', 'a/x', 'a/x/deep']) await t.make(path)
  const shallow = t.namespaces.tree('', 1)
  expect(shallow.children.map(({ path }) => path)).toEqual(['a', 'b', 'pool'])
  expect(shallow.children[0]?.children).toEqual([])
  const deep = t.namespaces.tree('a', Number.POSITIVE_INFINITY)
  expect(deep.children.map(({ path }) => path)).toEqual(['a/x', 'a/y'])
  expect(deep.children[0]?.children.map(({ path }) => path)).toEqual(['a/x/deep'])
  expect(() => t.namespaces.tree('', -1)).toThrow(
    expect.objectContaining({ code: 'invalid_argument' }),
  )
})

test('a rename and a move take along all that is below, under the ids that it had', async () => {
  await using t = await setUp()
  await t.make('a')
  await t.make('b')
  const child = await t.make('a/child', 'leaf')

  const renamed = await t.namespaces.change('a', { name: 'c' })
  expect(renamed.namespace).toEqual(t.namespaces.get('c'))
  expect(t.namespaces.byId(child.id)?.path).toBe('c/child')
  expect(t.namespaces.find('a')).toBeUndefined()

  const moved = await t.namespaces.change('c', { parent: 'b', name: 'd', comment: 'went' })
  expect(moved.namespace).toMatchObject({ path: 'b/d', comment: 'went' })
  expect(t.namespaces.byId(child.id)?.path).toBe('b/d/child')
  await t.make('c')
})

test('a change keeps what it does not name', async () => {
  await using t = await setUp()
  await t.namespaces.create('', { ...leaf('a'), match: '^a', comment: 'one' })
  await t.namespaces.change('a', { comment: 'two' })
  expect(t.namespaces.get('a')).toMatchObject({ match: '^a', comment: 'two' })
  await t.namespaces.change('a', { match: null })
  expect(t.namespaces.get('a')).toMatchObject({ match: undefined, comment: 'two' })
  await t.namespaces.change('pool', { comment: 'nobody knows' })
  expect(t.namespaces.get('pool')).toMatchObject({ comment: 'nobody knows', id: '1' })
})

test('a change that names a revision is done at that revision only', async () => {
  await using t = await setUp()
  const { revision } = await t.make('a')
  await t.namespaces.change('a', { comment: 'x', ifRevision: revision })
  await expect(
    t.namespaces.change('a', { comment: 'y', ifRevision: revision }),
  ).rejects.toMatchObject({
    code: 'revision_conflict',
    details: { key: 'a', expected: revision, actual: t.namespaces.get('a').revision },
  })
})

test.each([
  ['below itself', { at: 'a', parent: 'a/b', code: 'would_cycle' }],
  ['into itself', { at: 'a', parent: 'a', code: 'would_cycle' }],
  ['into a leaf', { at: 'a', parent: 'pool', code: 'invalid_parent' }],
  ['to a name that is taken', { at: 'a/b', parent: '', name: 'pool', code: 'already_exists' }],
  ['to nowhere', { at: 'a', parent: 'none', code: 'namespace_not_found' }],
  ['though it is the pool', { at: 'pool', name: 'other', code: 'forbidden' }],
  ['though it is the root', { at: '', comment: 'mine', code: 'forbidden' }],
])('a namespace is not moved or renamed %s', async (_, refused) => {
  const { at, code, ...patch } = refused
  await using t = await setUp()
  await t.make('a')
  await t.make('a/b')
  await expect(t.namespaces.change(at, patch)).rejects.toMatchObject({ code })
  expect(Array.from(t.namespaces.below(''), ({ path }) => path)).toEqual(['', 'a', 'a/b', 'pool'])
})

test('no namespace comes to lie deeper than the limit, by creation or by a move', async () => {
  await using t = await setUp()
  const { depth } = NAMESPACE_LIMITS
  const path = (levels: number) => Array.from({ length: levels }, () => 'a').join('/')
  for (let level = 1; level <= depth; level += 1) await t.make(path(level))
  await expect(t.make(path(depth + 1))).rejects.toMatchObject({
    code: 'limit_exceeded',
    details: { limit: depth, actual: depth + 1 },
  })
  await t.make('b')
  await t.make('b/c')
  const move = t.namespaces.change('b', { parent: path(depth - 1) })
  await expect(move).rejects.toMatchObject({ code: 'limit_exceeded' })
  await t.namespaces.change('b', { parent: path(depth - 2) })
})

test('only a namespace without others in it is deleted, and its name is free then', async () => {
  await using t = await setUp()
  await t.make('a')
  await t.make('a/b', 'leaf')
  await expect(t.namespaces.delete('a')).rejects.toMatchObject({
    code: 'not_empty',
    details: { path: 'a', what: 'namespaces', count: 1 },
  })
  await t.namespaces.delete('a/b')
  await t.namespaces.delete('a')
  expect(t.namespaces.find('a')).toBeUndefined()
  await t.make('a', 'leaf')
  for (const path of ['', 'pool']) {
    await expect(t.namespaces.delete(path)).rejects.toMatchObject({ code: 'forbidden' })
  }
  await expect(t.namespaces.delete('none')).rejects.toMatchObject({ code: 'namespace_not_found' })
})

test('a creation that is repeated answers as it did', async () => {
  await using t = await setUp()
  const idempotency = { key: 'k', request: 'r' }
  const first = await t.namespaces.create('', inner('a'), { idempotency })
  expect((await t.namespaces.create('', inner('a'), { idempotency })).namespace).toMatchObject({
    id: first.namespace.id,
    path: 'a',
  })
})

test('another node finds the tree as it is', async () => {
  await using t = await setUp()
  await t.make('a')
  await t.make('a/b')
  await t.namespaces.change('a', { name: 'c' })
  await using other = await t.harness.another('n2')
  expect([...other.catalog.namespaces.below('')]).toEqual([...t.namespaces.below('')])
})

test('a tree is told up to a number of namespaces', async () => {
  await using t = await setUp()
  const limit = NAMESPACE_LIMITS.treeNodes
  const record = { parent: '0', kind: 'leaf', match: undefined, comment: '' } as const
  for (let from = 2; from <= limit; from += 2_500) {
    const then = Array.from({ length: Math.min(2_500, limit + 1 - from) }, (_, at) =>
      putNode(`id-${from + at}`, { ...record, name: `n${from + at}` }),
    )
    await t.harness.engine.commit({ compares: [], then })
  }
  await t.namespaces.create('', inner('last'))
  expect(() => t.namespaces.tree('', 1)).toThrow(
    expect.objectContaining({ code: 'limit_exceeded' }),
  )
  expect(t.namespaces.tree('', 0).children).toEqual([])
  await t.namespaces.delete('n2')
  await t.namespaces.delete('last')
  expect(t.namespaces.tree('', 1).children).toHaveLength(limit - 1)
})
