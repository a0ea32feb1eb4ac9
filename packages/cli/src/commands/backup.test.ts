import { existsSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { openRegistry, type Registry } from '../testing/registry.ts'
import { begin, run } from '../testing/run.ts'
import { standIn } from '../testing/stand-in.ts'

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-cli-backup-'))
  const registry = await openRegistry()
  const put = async (key: string, value: string) => {
    await registry.t.catalog.catalog.kv.put(key, Buffer.from(value))
  }
  await put('a', '1')
  await put('b', 'x'.repeat(100_000))
  return {
    registry,
    put,
    folder,
    file: join(folder, 'catalog.ndjson'),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Runs a restore while the registry's clock goes on: its view is read anew. */
async function restore({ t, run: runOn }: Registry, ...args: string[]) {
  const running = runOn(['restore', ...args])
  let isOver = false
  const over = () => {
    isOver = true
  }
  running.then(over, over)
  const look = async () => {
    await t.catalog.clock.advance(100)
    return isOver || undefined
  }
  await until('it has ended', look, { withinMs: 20_000, everyMs: 2 })
  return running
}

test.each(['plain', 'packed'])('saves everything to a file, and puts it back (%s)', async (how) => {
  await using s = await setUp()
  const saved = await s.registry.run(['backup', s.file])
  expect(saved).toMatchObject({ code: 0, err: [] })
  expect(saved.text).toMatch(/^Saved 2 keys as of revision 2 to .*, \d+\.\d KiB\.$/)
  expect(await readdir(s.folder)).toEqual(['catalog.ndjson'])
  if (how === 'packed') await writeFile(s.file, gzipSync(await readFile(s.file)))
  await s.put('later', '3')
  const done = await restore(s.registry, s.file)
  expect([done.code, done.text]).toEqual([
    0,
    expect.stringMatching(/^Restored 2 keys at revision /),
  ])
  const { kv } = s.registry.t.catalog.catalog
  expect(kv.list({ prefix: '', limit: 9 }).entries.map(({ key }) => key)).toEqual(['a', 'b'])
})

test('prints it for another program, and not to a person', async () => {
  await using s = await setUp()
  const piped = await s.registry.run(['backup'])
  expect(piped).toMatchObject({ code: 0, out: [], err: [] })
  expect(piped.bytes.toString()).toMatch(/^\{"format":"rollcall-backup".*\n\{"end":true,.*\}\n$/s)
  const shown = await s.registry.run(['backup'], { isTerminal: true })
  expect(shown).toMatchObject({ code: 2, err: [expect.stringContaining('Name a file')] })
  expect(shown.bytes).toHaveLength(0)
  expect(
    (await s.registry.run(['backup', '-'], { isTerminal: true })).bytes.length,
  ).toBeGreaterThan(100)
})

test('as JSON, both say what they did', async () => {
  await using s = await setUp()
  const saved = await s.registry.run(['backup', s.file, '--json'])
  const { length: bytes } = await readFile(s.file)
  expect(JSON.parse(saved.text)).toEqual({ file: s.file, revision: 2, count: 2, bytes })
  const done = await restore(s.registry, s.file, '--json')
  expect(JSON.parse(done.text)).toMatchObject({ generation: 2, count: 2, replacedWrites: 0 })
})

test('a dry run says that all is well, and changes nothing', async () => {
  await using s = await setUp()
  await s.registry.run(['backup', s.file])
  await s.put('later', '3')
  const done = await restore(s.registry, s.file, '--dry-run')
  expect(done.text).toContain('is whole, with 2 keys')
  expect(s.registry.t.catalog.catalog.kv.get('later')).toBeDefined()
})

test('a damaged file is refused with the line, and one that is not there', async () => {
  await using s = await setUp()
  await s.registry.run(['backup', s.file])
  const text = await readFile(s.file, 'utf8')
  await writeFile(s.file, text.replace('"v":"MQ=="', '"v":"Mg=="'))
  const refused = await restore(s.registry, s.file)
  expect(refused).toMatchObject({ code: 1, err: [expect.stringMatching(/^Line 4: the checksum/)] })
  const missing = await s.registry.run(['restore', join(s.folder, 'nothing')])
  expect(missing).toMatchObject({ code: 2, err: [expect.stringContaining('cannot be read')] })
})

test.each([
  ['breaks off', '{"k":"k/a","v":""}\n'],
  [
    'is not what was sent',
    '{"k":"k/a","v":""}\n{"end":true,"count":1,"sha256":"0","revision":1}\n',
  ],
])('a download that %s leaves no file, and the old one as it was', async (_, body) => {
  await using s = await setUp()
  await using far = await standIn(() => (response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(body)
  })
  const env = { ROLLCALL_SERVER: far.url }
  const none = await run(['backup', s.file], { env })
  expect(none).toMatchObject({ code: 1, err: [expect.stringContaining('Take it again')] })
  expect(await readdir(s.folder)).toEqual([])
  await writeFile(s.file, 'the backup of yesterday')
  expect((await run(['backup', s.file], { env })).code).toBe(1)
  expect(await readFile(s.file, 'utf8')).toBe('the backup of yesterday')
  expect(existsSync(`${s.file}.partial`)).toBe(false)
})

test.each([
  [['backup', '-'], 'what was written of it is none'],
  [['backup', 'FILE'], 'nothing of it is kept'],
  [['restore', 'FILE'], 'If the registry has all of the file it goes on'],
  [['restore', 'FILE', '--dry-run'], 'Nothing was changed'],
])('%j that is broken off here says so', async (argv, sentence) => {
  await using s = await setUp()
  await writeFile(s.file, '"yesterday"')
  const mute = () => {}
  await using far = await standIn(({ path }) =>
    path.endsWith('/backup')
      ? (response) =>
          response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders()
      : mute,
  )
  const env = { ROLLCALL_SERVER: far.url }
  const running = begin(
    argv.map((arg) => (arg === 'FILE' ? s.file : arg)),
    { env },
  )
  await until('it was asked', () => far.seen[0], { withinMs: 10_000, everyMs: 2 })
  running.stop()
  expect(await running.code).toBe(1)
  expect(running.err).toEqual([expect.stringContaining(sentence)])
  expect(await readdir(s.folder)).toEqual(['catalog.ndjson'])
})
