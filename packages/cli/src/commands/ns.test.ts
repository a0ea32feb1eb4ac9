import { expect, test } from 'vitest'
import { until } from '@rollcall/runtime/testing'
import { run } from '../testing/run.ts'
import { openRegistry, type Registry } from '../testing/registry.ts'

const WITHIN = { withinMs: 10_000 }

async function withShop(): Promise<Registry> {
  const r = await openRegistry()
  await r.run(['ns', 'create', 'shop', '--kind', 'inner', '--comment', 'all that sells'])
  await r.run(['ns', 'create', '/shop/db', '--match', '^db-'])
  return r
}

test('a namespace is made, shown, and part of the tree', async () => {
  await using r = await withShop()
  expect((await r.run(['ns', 'create', 'shop/web'])).out).toEqual([
    expect.stringMatching(/^Created shop\/web \(leaf\) at revision \d+\.$/),
  ])
  const tree = await r.run(['ns', 'tree'])
  expect(tree.out.map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
    'NAMESPACE KIND RESOURCES MATCH COMMENT',
    'root inner - - -',
    ' pool leaf - - -',
    ' shop inner - - all that sells',
    ' db leaf - ^db- -',
    ' web leaf - - -',
  ])
  expect((await r.run(['ns', 'tree', 'shop', '--depth', '0', '--linearizable'])).out).toHaveLength(
    2,
  )
  const { out } = await r.run(['ns', 'get', 'shop'])
  expect(out).toEqual([
    expect.stringMatching(/^shop \(inner\), id [0-9a-f-]{36}, revision \d+$/),
    'comment    all that sells',
    'templates  -',
    'namespaces db web',
  ])
  const json = JSON.parse((await r.run(['ns', 'get', '/', '--json'])).text) as object
  expect(json).toMatchObject({ path: '', children: [{ path: 'pool' }, { path: 'shop' }] })
})

test('a namespace is renamed and moved with all that is below it', async () => {
  await using r = await withShop()
  await r.run(['ns', 'create', 'old', '--kind', 'inner'])
  const moved = await r.run(['ns', 'move', 'shop', 'old/store'])
  expect(moved.out).toEqual([expect.stringMatching(/^Moved shop to old\/store at revision \d+\.$/)])
  expect((await r.run(['ns', 'get', 'old/store/db'])).code).toBe(0)
  expect(await r.run(['ns', 'move', 'old', 'old/store/old'])).toMatchObject({ code: 1 })
})

test('what is said of a namespace changes, at the revision that was named', async () => {
  await using r = await withShop()
  const { revision } = JSON.parse((await r.run(['ns', 'get', 'shop/db', '--json'])).text) as {
    revision: number
  }
  const set = ['ns', 'set', 'shop/db', '--no-match', '--if-revision', String(revision)]
  expect((await r.run(set)).out).toEqual([
    expect.stringMatching(/^Changed shop\/db at revision \d+\.$/),
  ])
  expect(await r.run(set)).toMatchObject({ code: 1 })
  await r.run(['ns', 'set', 'shop/db', '--comment', 'c'])
  const { text } = await r.run(['ns', 'get', 'shop/db', '--json'])
  expect(JSON.parse(text)).toMatchObject({ match: null, comment: 'c' })
})

test('a namespace is deleted; one that is not there is exit code 3', async () => {
  await using r = await withShop()
  expect((await r.run(['ns', 'delete', 'shop'])).code).toBe(1)
  expect((await r.run(['ns', 'delete', 'shop/db'])).out).toEqual(['Deleted shop/db.'])
  for (const argv of [
    ['ns', 'get', 'shop/db'],
    ['ns', 'delete', 'shop/db'],
    ['ns', 'tree', 'shop/db'],
    ['ns', 'move', 'shop/db', 'db'],
    ['ns', 'watch', 'shop/db'],
  ]) {
    expect([argv[1], (await r.run(argv)).code]).toEqual([argv[1], 3])
  }
})

test('watch prints what is there, then changes, until it is stopped', async () => {
  await using r = await withShop()
  const watching = r.begin(['ns', 'watch', 'shop'])
  await until('all that was there came', () => watching.out[2], WITHIN)
  await r.run(['resource', 'add', 'machine', 'hostname=db-1', '--ns', 'shop/db', '--id', 'm1'])
  await r.run(['resource', 'delete', 'machine', 'm1'])
  await r.run(['ns', 'move', 'shop/db', 'shop/data'])
  await r.run(['ns', 'delete', 'shop/data'])
  await until('all changes came', () => watching.out[6], WITHIN)
  watching.stop()

  expect(await watching.code).toBe(0)
  expect(watching.out.map((line) => line.replace(/\d+$/, 'N'))).toEqual([
    '= shop inner',
    '= shop/db leaf match ^db-',
    '* all at revision N',
    '+ shop/db machine m1 hostname=db-N',
    '- shop/db machine mN',
    '> shop/db is shop/data leaf match ^db-',
    '- shop/data',
  ])
}, 20_000)

test.each([
  [['ns', 'get'], "Missing required argument 'path'."],
  [['ns', 'create', '/'], 'The root has no name; give a path such as shop/db.'],
  [['ns', 'create', 'a', '--kind', 'tree'], /--kind.*invalid.*leaf, inner/],
  [['ns', 'set', 'a'], 'Say what to change, with --match, --no-match or --comment.'],
  [['ns', 'tree', '--depth', 'x'], '--depth must be a whole number, not "x".'],
])('%j is wrong usage', async (argv, sentence) => {
  const { code, err } = await run(argv)
  expect([code, err]).toEqual([2, [expect.stringMatching(sentence)]])
})
