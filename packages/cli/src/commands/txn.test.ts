import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../testing/run.ts'
import { openRegistry } from '../testing/registry.ts'

const swap = JSON.stringify({
  compares: [{ key: 'a', value: 'old' }],
  then: [
    { put: { key: 'a', value: 'new' } },
    { put: { key: 'b', valueBase64: 'AP8=' } },
    { delete: { key: 'c' } },
  ],
  otherwise: [{ get: { key: 'a' } }, { get: { key: 'none' } }],
})

test('does what it says when its compares hold', async () => {
  await using r = await openRegistry()
  await r.run(['kv', 'put', 'a', 'old'])

  const done = await r.run(['txn'], { input: swap })

  expect(done.code).toBe(0)
  expect(done.out.map((line) => line.replaceAll(/\d+/g, 'N'))).toEqual([
    'Succeeded, at revision N.',
    'put N',
    'put N',
    'deleted N',
  ])
  expect((await r.run(['kv', 'get', 'a'])).bytes.toString()).toBe('new')
  expect((await r.run(['kv', 'get', 'b'])).bytes).toEqual(Buffer.from([0, 255]))
})

test('fails when a compare does not hold, and prints what was done otherwise', async () => {
  await using r = await openRegistry()
  await r.run(['kv', 'put', 'a', 'other'])

  const { code, out, err } = await r.run(['txn'], { input: swap })
  expect([code, err]).toEqual([1, []])
  expect(out.map((line) => line.replaceAll(/\d+/g, 'N'))).toEqual([
    'Not done, a compare did not hold, at revision N.',
    'got N "other"',
    'got nothing',
  ])

  const json = await r.run(['txn', '--json'], { input: swap })
  expect([json.code, JSON.parse(json.text)]).toMatchObject([
    1,
    { succeeded: false, results: [{ get: { valueBase64: 'b3RoZXI=' } }, { get: null }] },
  ])
})

test('reads a file', async () => {
  await using r = await openRegistry()
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-txn-'))
  const file = join(folder, 'txn.json')
  await writeFile(file, '{"then":[{"put":{"key":"a","value":"x"}}]}')
  try {
    expect((await r.run(['txn', '--file', file])).code).toBe(0)
    const missing = await r.run(['txn', '--file', join(folder, 'none')])
    expect([missing.code, missing.err]).toEqual([2, [expect.stringContaining('cannot be read')]])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('what the registry refuses is told in its words', async () => {
  await using r = await openRegistry()
  const input = '{"then":[{"put":{"key":"a","value":"x"}},{"put":{"key":"a","value":"y"}}]}'
  const { code, err } = await r.run(['txn'], { input })
  expect([code, err]).toEqual([2, [expect.stringContaining('a')]])
})

test.each([
  ['', /^The transaction is not JSON/],
  ['[]', /^The transaction must be an object/],
  ['{"when":[]}', /no "when"/],
  ['{"then":{}}', /"then" must be a list/],
  ['{"then":[1]}', /^Each of "then" must be an object/],
  ['{"then":[{"put":1}]}', /^What is put must be an object/],
  ['{"then":[{"put":{"key":"a"}}]}', /needs "value" or "valueBase64"/],
  ['{"then":[{"put":{"key":"a","value":1}}]}', /"value" must be a text/],
  ['{"then":[{"put":{"key":"a","value":"x","valueBase64":"eA=="}}]}', /not both/],
  ['{"compares":[{"key":"a","valueBase64":"?"}]}', /is not base64/],
])('%s is wrong usage', async (input, sentence) => {
  const { code, err } = await run(['txn'], { input })
  expect([code, err]).toEqual([2, [expect.stringMatching(sentence)]])
})
