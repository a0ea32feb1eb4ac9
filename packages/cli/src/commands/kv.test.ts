import { expect, test } from 'vitest'
import { until } from '@rollcall/runtime/testing'
import { run } from '../testing/run.ts'
import { openRegistry } from '../testing/registry.ts'

const BYTES = Buffer.from([0, 255, 10, 27, 128])
const WITHIN = { withinMs: 10_000 }

test('what is put from standard input is got byte for byte', async () => {
  await using r = await openRegistry()
  expect(await r.run(['kv', 'put', 'a/b'], { input: BYTES })).toMatchObject({
    code: 0,
    out: [expect.stringMatching(/^Created a\/b at revision \d+\.$/)],
  })
  const got = await r.run(['kv', 'get', 'a/b', '--linearizable'])
  expect([got.code, got.out, got.bytes]).toEqual([0, [], BYTES])
})

test('a value may be an argument, and nothing is added to it', async () => {
  await using r = await openRegistry()
  await r.run(['kv', 'put', 'a', 'text'])
  expect((await r.run(['kv', 'get', 'a'])).bytes.toString()).toBe('text')
  const { text } = await r.run(['kv', 'get', 'a', '--json'])
  expect(JSON.parse(text)).toMatchObject({ key: 'a', valueBase64: 'dGV4dA==' })
})

test('a key that is not there is exit code 3', async () => {
  await using r = await openRegistry()
  for (const argv of [
    ['kv', 'get', 'none'],
    ['kv', 'delete', 'none'],
  ]) {
    const { code, err, bytes } = await r.run(argv)
    expect([code, err, bytes.length]).toEqual([3, ['There is no key "none".'], 0])
  }
})

test('puts and deletes only at the revision that was named', async () => {
  await using r = await openRegistry()
  const { text } = await r.run(['kv', 'put', 'a', 'x', '--if-revision', '0', '--json'])
  const { modRevision } = JSON.parse(text) as { modRevision: number }

  for (const argv of [
    ['kv', 'put', 'a', 'y', '--if-revision', '0'],
    ['kv', 'delete', 'a', '--if-revision', String(modRevision + 1)],
  ]) {
    expect((await r.run(argv)).code).toBe(1)
  }
  expect((await r.run(['kv', 'get', 'a'])).bytes.toString()).toBe('x')
  expect(await r.run(['kv', 'delete', 'a', '--if-revision', String(modRevision)])).toMatchObject({
    code: 0,
    out: ['Deleted a.'],
  })
})

test('lists and deletes by prefix', async () => {
  await using r = await openRegistry()
  for (const key of ['p/2', 'p/1', 'q']) await r.run(['kv', 'put', key, 'abc'])

  expect((await r.run(['kv', 'list', '--prefix', 'p/', '--keys-only'])).out).toEqual(['p/1', 'p/2'])
  const table = await r.run(['kv', 'list'])
  expect(table.out[0]).toMatch(/^KEY +BYTES +REVISION +CREATED +LEASE$/)
  expect(table.out[1]).toMatch(/^p\/1 +3 +\d+ +\d+ +-$/)
  const { entries } = JSON.parse((await r.run(['kv', 'list', '--json'])).text) as {
    entries: { key: string; valueBase64: string }[]
  }
  expect(entries.map(({ key, valueBase64 }) => key + valueBase64)).toEqual([
    'p/1YWJj',
    'p/2YWJj',
    'qYWJj',
  ])

  expect((await r.run(['kv', 'delete', '--prefix', 'p/'])).out).toEqual(['Deleted 2 keys.'])
  expect((await r.run(['kv', 'list', '--keys-only'])).out).toEqual(['q'])
})

test('watch prints what is there, then changes, until it is stopped', async () => {
  await using r = await openRegistry()
  await r.run(['kv', 'put', 'p/old', 'x'])
  await r.run(['kv', 'put', 'other', 'x'])

  const watching = r.begin(['kv', 'watch', '--prefix', 'p/'])
  await until('all that was there came', () => watching.out[1], WITHIN)
  await r.run(['kv', 'put', 'p/new'], { input: BYTES })
  await r.run(['kv', 'delete', 'p/old'])
  await until('all changes came', () => watching.out[3], WITHIN)
  watching.stop()

  expect(await watching.code).toBe(0)
  expect(watching.out.map((line) => line.replaceAll(/\d+/g, 'N'))).toEqual([
    '= p/old N "x"',
    '* all at revision N',
    '+ p/new N N bytes',
    '- p/old N',
  ])
}, 20_000)

test.each([
  [['kv', 'get'], "Missing required argument 'key'."],
  [['kv', 'put', 'a', 'b', '--if-revision', 'x'], '--if-revision must be a whole number, not "x".'],
  [['kv', 'put', 'a', 'b', '--lease', '0'], 'The id of a lease is above 0.'],
  [['kv', 'delete'], /^Name one key/],
  [['kv', 'delete', 'a', '--prefix', 'b'], /^Name one key/],
])('%j is wrong usage', async (argv, sentence) => {
  const { code, err } = await run(argv)
  expect([code, err]).toEqual([2, [expect.stringMatching(sentence)]])
})

test('more on standard input than a value may have is refused before it is sent', async () => {
  const { code, err } = await run(['kv', 'put', 'a'], { input: Buffer.alloc(2 ** 20 + 1) })
  expect([code, err]).toEqual([1, [expect.stringContaining('bytes of input is 1048576')]])
})
