import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seededRandom, silentLog, start, systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { open as openDatabase } from 'lmdb'
import { expect, onTestFinished, test } from 'vitest'
import { contentOf, doAll, put, watched } from '../../testing/engine-contract/home.ts'
import { openLmdbEngine } from './index.ts'

const PAGE = 4_096
const SCRIPT = fileURLToPath(new URL('testing/committing-process.ts', import.meta.url))

function setUp() {
  const parent = mkdtempSync(join(tmpdir(), 'rollcall-lmdb-folder-'))
  onTestFinished(() => {
    rmSync(parent, { recursive: true, force: true })
  })
  const folder = join(parent, 'catalog')
  const open = () =>
    openLmdbEngine({ folder, clock: systemClock, random: seededRandom(1), log: silentLog })
  return { parent, folder, file: join(folder, 'data.mdb'), open }
}

/** Puts zeros in the place of whole pages. */
function overwrite(file: string, from: number, length: number): void {
  const content = readFileSync(file)
  const start = Math.floor(from / PAGE) * PAGE
  content.fill(0, start, Math.min(content.length, start + Math.floor(length / PAGE) * PAGE))
  writeFileSync(file, content)
}

async function withContent() {
  const home = setUp()
  await using engine = await home.open()
  await doAll(engine, ...Array.from({ length: 500 }, (_, at) => put(`k/${at}`, 'x'.repeat(500))))
  return home
}

test('the folder is for this user alone', async () => {
  const { folder, file, open } = setUp()
  await using _ = await open()
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a folder that a living process holds is left alone; one of a dead process is taken over', async () => {
  const { folder, open } = setUp()
  const loader = ['--import', 'tsx', '--conditions=rollcall-source']
  const child = spawn(process.execPath, [...loader, SCRIPT, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  await once(child.stdout, 'data')
  const { pid } = child
  await expect(open()).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(`Another process (${pid}) has the catalog in "${folder}"`),
    details: { folder, pid },
  })
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  await using engine = await open()
  expect(await engine.revision()).toBeGreaterThan(0)
}, 60_000)

test('the same process does not open a folder twice', async () => {
  const { open } = setUp()
  await using engine = await open()
  await expect(open()).rejects.toMatchObject({ code: 'unavailable' })
  await doAll(engine, put('a', '1'))
  expect(await contentOf(engine)).toEqual({ a: '1' })
})

test.each([
  ['text', Buffer.from('not a database, but somebody cares for it '.repeat(500))],
  ['a few bytes', Buffer.from('tiny')],
  ['zeros', Buffer.alloc(100_000)],
])('a foreign file is refused by its name and stays as it is: %s', async (_, content) => {
  const { folder, file, open } = setUp()
  mkdirSync(folder)
  writeFileSync(file, content)
  await expect(open()).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(`The file "${file}"`),
    details: { file },
  })
  expect(readFileSync(file).equals(content)).toBe(true)
})

test("somebody else's LMDB file, and another version's, are refused and stay as they are", async () => {
  const { folder, file, open } = setUp()
  mkdirSync(folder)
  const foreign = openDatabase({ path: folder, noSubdir: false })
  await foreign.put('a', 1)
  await foreign.close()
  const before = readFileSync(file)
  await expect(open()).rejects.toMatchObject({ details: { reason: 'foreign_file' } })
  expect(readFileSync(file).equals(before)).toBe(true)
  rmSync(folder, { recursive: true })
  await (await open()).close()
  const newer = openDatabase<Buffer, Buffer>({ path: folder, noSubdir: false })
  const meta = newer.openDB({ name: 'meta', encoding: 'binary', keyEncoding: 'binary' })
  await meta.put(Buffer.from('state'), Buffer.from('{"format":2}'))
  await newer.close()
  await expect(open()).rejects.toMatchObject({ details: { reason: 'foreign_file' } })
})

test.each([
  [
    'its end is missing',
    (file: string, size: number) => truncateSync(file, Math.floor(size * 0.9)),
  ],
  [
    'most of it is missing',
    (file: string, size: number) => truncateSync(file, Math.floor(size * 0.1)),
  ],
  ['half a page is left', (file: string) => truncateSync(file, PAGE / 2)],
  ['zeros in its middle', (file: string, size: number) => overwrite(file, size / 2, size / 4)],
  ['zeros behind its beginning', (file: string, size: number) => overwrite(file, 2 * PAGE, size)],
])('a torn file is refused before it ends the process: %s', async (_, tear) => {
  const { file, open } = await withContent()
  tear(file, statSync(file).size)
  const outcome = await open().catch((error: unknown) => error)
  expect(outcome).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('torn'),
    details: { file, reason: 'torn_file' },
  })
})

test('a file that is empty is a new one', async () => {
  const { folder, file, open } = setUp()
  mkdirSync(folder)
  writeFileSync(file, '')
  await using engine = await open()
  expect(await engine.revision()).toBe(0)
})

test('a path that cannot be a folder is refused with a sentence', async () => {
  const { parent } = setUp()
  const path = join(parent, 'file')
  writeFileSync(path, '')
  const opening = openLmdbEngine({
    folder: join(path, 'below'),
    clock: systemClock,
    random: seededRandom(1),
    log: silentLog,
  })
  await expect(opening).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('cannot be used'),
  })
})

test('when the folder is gone nothing is acknowledged and watches end; when it is back all goes on', async () => {
  const { folder, open } = setUp()
  const engine = await open()
  await using _ = start(engine)
  const { revision } = await doAll(engine, put('a', '1'))
  const watching = watched(engine, revision + 1, Number.MAX_SAFE_INTEGER)
  watching.catch(() => {})
  renameSync(folder, `${folder}-away`)
  await until('it is seen', () => engine.status().broken !== undefined || undefined, {
    withinMs: 10_000,
  })
  await expect(doAll(engine, put('b'))).rejects.toMatchObject({
    code: 'unavailable',
    details: { reason: 'folder_gone' },
  })
  await expect(watching).rejects.toMatchObject({ code: 'unavailable' })
  mkdirSync(folder)
  writeFileSync(join(folder, 'data.mdb'), 'another one')
  await expect(doAll(engine, put('b'))).rejects.toMatchObject({ code: 'unavailable' })
  rmSync(folder, { recursive: true })
  renameSync(`${folder}-away`, folder)
  await until('it is back', () => engine.status().broken === undefined || undefined, {
    withinMs: 10_000,
  })
  const again = await doAll(engine, put('c', '3'))
  expect(again.revision).toBeGreaterThan(revision)
  expect((await watched(engine, again.revision, again.revision))[0]?.revision).toBe(again.revision)
})
