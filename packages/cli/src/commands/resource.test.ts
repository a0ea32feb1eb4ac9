import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../testing/run.ts'
import { openRegistry, type Registry } from '../testing/registry.ts'

async function withShop(): Promise<Registry> {
  const r = await openRegistry()
  await r.run(['ns', 'create', 'shop', '--kind', 'inner'])
  await r.run(['ns', 'create', 'shop/db'])
  for (const name of ['db-1', 'db-2']) {
    const place = ['--ns', 'shop/db', '--id', name]
    await r.run(['resource', 'add', 'machine', `hostname=${name}`, 'os=linux', ...place])
  }
  return r
}

const list = async (r: Registry, ns: string, type = 'machine') => {
  const { text } = await r.run(['resource', 'list', type, '--ns', ns, '--json'])
  return (JSON.parse(text) as { resources: { id: string; ns: string; properties: object }[] })
    .resources
}

test('a resource is added under the id that is printed', async () => {
  await using r = await withShop()
  const added = await r.run(['resource', 'add', 'collect', 'name=cpu', 'note=', '--ns', 'pool'])
  expect(added.out).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)])
  const [id = ''] = added.out
  expect(await list(r, 'pool', 'collect')).toMatchObject([
    { id, properties: { name: 'cpu', note: '' } },
  ])
})

test('resources are listed by namespace, one or all', async () => {
  await using r = await withShop()
  const { out } = await r.run(['resource', 'list', 'machine', '--ns', '/shop'])
  expect(out[0]).toMatch(/^ID +NAMESPACE +REVISION +PROPERTIES$/)
  expect(out[1]).toMatch(/^db-1 +shop\/db +\d+ +hostname=db-1 os=linux$/)
  expect(await list(r, '/')).toHaveLength(2)
  const got = await r.run(['resource', 'get', 'machine', 'db-1'])
  expect(got.out).toEqual(out.slice(0, 2))
})

test('properties are set and removed, others stay', async () => {
  await using r = await withShop()
  const set = ['resource', 'set', 'machine', 'db-1', 'rack=r 7', '--unset', 'os']
  const { out } = await r.run(set)
  expect(out[1]).toMatch(/ hostname=db-1 rack="r 7"$/)
  expect((await r.run([...set, '--if-revision', '1'])).code).toBe(1)
})

test('resources are moved, copied and deleted', async () => {
  await using r = await withShop()
  const places = ['--from', 'shop/db', '--to', 'pool']
  expect((await r.run(['resource', 'copy', 'machine', 'db-1', ...places])).out).toEqual([
    expect.stringMatching(/^Copied 1 resource to pool at revision \d+\.$/),
  ])
  expect((await r.run(['resource', 'move', 'machine', 'db-1', ...places])).code).toBe(1)
  const moved = await r.run(['resource', 'move', 'machine', 'db-2', ...places])
  expect(moved.out[0]).toMatch(/^Moved 1 resource to pool /)
  expect(await list(r, 'pool')).toHaveLength(2)
  expect((await r.run(['resource', 'delete', 'machine', 'db-2'])).out).toEqual([
    'Deleted machine db-2.',
  ])
  expect(await list(r, '/')).toHaveLength(2)
})

test('a type is described, listed and forgotten', async () => {
  await using r = await openRegistry()
  const described = await r.run(['resource', 'describe', 'rack', '--primary-key', 'name'])
  expect(described.out).toEqual([expect.stringMatching(/^Described rack at revision \d+\.$/)])
  const { out } = await r.run(['resource', 'types'])
  expect(out[0]).toMatch(/^TYPE +PRIMARY KEY +SCHEMA +REVISION$/)
  expect(out).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^machine +hostname +- +0$/),
      expect.stringMatching(/^rack +name +- +\d+$/),
    ]),
  )
  expect((await r.run(['resource', 'describe', 'rack', '--forget'])).code).toBe(0)
  expect((await r.run(['resource', 'types'])).text).not.toContain('rack')
})

test('what is not there is exit code 3', async () => {
  await using r = await withShop()
  for (const argv of [
    ['resource', 'get', 'machine', 'x'],
    ['resource', 'set', 'machine', 'x', 'a=b'],
    ['resource', 'delete', 'machine', 'x'],
    ['resource', 'describe', 'x', '--forget'],
    ['resource', 'list', 'machine', '--ns', 'none'],
    ['resource', 'move', 'machine', 'x', '--from', 'pool', '--to', 'shop/db'],
  ]) {
    expect([argv[1], (await r.run(argv)).code]).toEqual([argv[1], 3])
  }
})

test('what one registry lists another imports', async () => {
  await using r = await withShop()
  const { text } = await r.run(['resource', 'list', 'machine', '--json'])
  await using other = await openRegistry()
  const refused = await other.run(['resource', 'import', 'machine'], { input: text })
  expect([refused.code, refused.err]).toEqual([3, [expect.stringContaining('shop/db')]])
  const done = await other.run(['resource', 'import', 'machine', '--ns', 'pool'], { input: text })
  expect(done.out).toEqual(['Added 2 resources.'])
  expect(await list(other, 'pool')).toMatchObject([{ id: 'db-1' }, { id: 'db-2' }])
})

test('an import may take the place of all, out of a file', async () => {
  await using r = await withShop()
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-'))
  try {
    const file = join(folder, 'in.json')
    await writeFile(file, JSON.stringify([{ id: 'x', properties: { hostname: 'x' } }]))
    const place = ['--ns', 'shop/db', '--replace', '--file', file]
    const { out } = await r.run(['resource', 'import', 'machine', ...place])
    expect(out).toEqual([
      expect.stringMatching(/^shop\/db has 1 resource of type machine at revision \d+\.$/),
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
  expect(await list(r, '/')).toMatchObject([{ id: 'x' }])
})

test('an import that fails on the way says what it has added', async () => {
  await using r = await withShop()
  const rows = Array.from({ length: 4_001 }, (_, at) => ({
    properties: { hostname: `h${at % 4_000}` },
  }))
  const input = JSON.stringify(rows)
  const { code, err } = await r.run(['resource', 'import', 'machine', '--ns', 'pool'], { input })
  expect([code, err[0]]).toEqual([1, 'Added 4000 resources before this failed.'])
  expect(await list(r, 'pool')).toHaveLength(4_000)
}, 30_000)

test.each([
  [
    ['resource', 'add', 'machine', 'hostname', '--ns', 'pool'],
    /^A property is given as name=value/,
  ],
  [['resource', 'add', 'machine', 'a=b'], /--ns <PATH>/],
  [['resource', 'set', 'machine', 'x'], /^Say what to set/],
  [['resource', 'move', 'machine', 'x', '--from', 'a'], /--to <PATH>/],
  [['resource', 'describe', 'a', '--forget', '--schema', 'f'], /^--forget goes without/],
  [['resource', 'import', 'machine', '--replace'], /^--replace needs --ns/],
  [
    ['resource', 'import', 'machine', '--file', '/nowhere/f'],
    /^The file "\/nowhere\/f" cannot be read/,
  ],
  [
    ['resource', 'describe', 'a', '--schema', '/nowhere/f'],
    /^The file "\/nowhere\/f" cannot be read/,
  ],
])('%j is wrong usage', async (argv, sentence) => {
  const { code, err } = await run(argv, { input: '[]' })
  expect([code, err]).toEqual([2, [expect.stringMatching(sentence)]])
})
