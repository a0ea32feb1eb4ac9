/**
 * Disks that are full, folders that are damaged, foreign, held or gone: a clear word or a clean
 * start, nothing damaged, and the instances notice nothing.
 *
 * @module
 */

import { mkdir, readFile, readdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HEADERS, type Cluster } from '@rollcall/protocol'
import { seededRandom } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { Bystander } from './support/bystander.ts'
import {
  CatalogClient,
  done,
  jsonOf,
  pathOf,
  type CatalogAnswer,
} from './support/catalog-client.ts'
import { call } from './support/http.ts'
import { runCli, type CliResult } from './support/run-cli.ts'
import { SmallDisk } from './support/small-disk.ts'
import { startServer, type Server } from './support/spawn-server.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

/** Below the data folder of a node. */
const FOLDER = 'catalog'
const FILE = 'data.mdb'
const DISK_MIB = 24
const VALUE = 'v'.repeat(200_000)
/** A node looks once a second whether it can write again. */
const AGAIN_WITHIN_MS = 15_000

test.concurrent(
  'a full disk stops writes and nothing else, until there is room again',
  async () => {
    await using disk = await SmallDisk.mount(DISK_MIB)
    await using server = await startServer({ data: disk.path })
    await using client = new CatalogClient(server.url)
    const bystander = new Bystander(server.url)
    const kept = new Map<string, string>()
    for (const key of ['a', 'b', 'c']) {
      done(await client.put(key, VALUE))
      kept.set(key, VALUE)
    }
    disk.fill()
    const refused = await untilRefused(client, kept)
    expectUnavailable(refused)
    await expectStaleReads(client, server, kept)
    expect((await call(`${server.url}/readyz`)).status).toBe(200)

    disk.free()
    await untilWritten(client, kept)
    await expectFreshReads(client, kept)
    const { answers } = await bystander.stop()
    expect(answers).toBeGreaterThan(10)

    await server.kill9()
    await using next = await startServer({ data: disk.path })
    await using again = new CatalogClient(next.url)
    await expectKept(again, kept)
  },
  90_000,
)

test.concurrent(
  'a folder that is gone stops writes and nothing else, and may come back',
  async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer({ data: folder.path })
    await using client = new CatalogClient(server.url)
    const bystander = new Bystander(server.url)
    const kept = new Map([['a', VALUE]])
    done(await client.put('a', VALUE))
    const place = join(folder.path, FOLDER)
    await rename(place, `${place}-elsewhere`)
    // For a moment nobody has looked, and what is written is only in the file that is elsewhere.
    expectUnavailable(await untilRefused(client, kept))
    await expectStaleReads(client, server, new Map([['a', VALUE]]))
    expect((await call(`${server.url}/readyz`)).status).toBe(200)

    await rename(`${place}-elsewhere`, place)
    await untilWritten(client, kept)
    await expectFreshReads(client, kept)
    await bystander.stop()
    expect((await server.stop()).code).toBe(0)
    await using next = await startServer({ data: folder.path })
    await using again = new CatalogClient(next.url)
    await expectKept(again, kept)
  },
  90_000,
)

test.concurrent.each([
  ['cut in half', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
  ['cut to a page', (bytes: Buffer) => bytes.subarray(0, 4_096)],
  ['cut to a few bytes', (bytes: Buffer) => bytes.subarray(0, 100)],
  ['garbage from the start', (bytes: Buffer) => overwritten(bytes, 0, bytes.length)],
  ['garbage where it begins', (bytes: Buffer) => overwritten(bytes, 0, 8_192)],
  ['text', () => Buffer.from('This is somebody’s diary.\n'.repeat(1_000))],
])(
  'a data file that is %s is refused with a sentence and left alone',
  async (_, damage) => {
    await using folder = await temporaryFolder()
    const damaged = damage(await someFile())
    const place = join(folder.path, FOLDER)
    await mkdir(place)
    await writeFile(join(place, FILE), damaged)
    // Twice: what is refused once is not taken the next time.
    for (let time = 0; time < 2; time += 1) {
      const { stderr } = await startRefused(folder.path)
      expect(stderr).toContain(join(place, FILE))
      expect((await readFile(join(place, FILE))).equals(damaged)).toBe(true)
    }
  },
  60_000,
)

test.concurrent('a folder of somebody else is refused or left as it is', async () => {
  await using folder = await temporaryFolder()
  const place = join(folder.path, FOLDER)
  await writeFile(place, 'a file where a folder should be')
  const refused = await startRefused(folder.path)
  expect(refused.stderr).toContain(place)
  expect(await readFile(place, 'utf8')).toBe('a file where a folder should be')

  await using other = await temporaryFolder()
  await mkdir(join(other.path, FOLDER))
  const letter = join(other.path, FOLDER, 'letter.txt')
  await writeFile(letter, 'Dear Sir')
  await using server = await startServer({ data: other.path })
  await using client = new CatalogClient(server.url)
  done(await client.put('a', 'b'))
  expect(await readFile(letter, 'utf8')).toBe('Dear Sir')
})

test.concurrent(
  'a folder that a living node holds is not opened by another way either',
  async () => {
    await using first = await startServer()
    await using client = new CatalogClient(first.url)
    done(await client.put('a', VALUE))
    await using folder = await temporaryFolder()
    // The door of the data folder is another; the catalog behind it is the same.
    const other = join(folder.path, 'other')
    await mkdir(other)
    await symlink(join(first.data, FOLDER), join(other, FOLDER))
    const refused = await startRefused(other)
    expect(refused.stderr).toContain(String(first.pid))
    await expectKept(client, new Map([['a', VALUE]]))
    done(await client.put('b', VALUE))

    await first.kill9()
    await using second = await startServer({ data: other })
    await using again = new CatalogClient(second.url)
    await expectKept(again, new Map(['a', 'b'].map((key) => [key, VALUE])))
  },
)

/** Writes until something is refused, and notes what was not. */
async function untilRefused(
  client: CatalogClient,
  kept: Map<string, string>,
): Promise<CatalogAnswer> {
  let count = 0
  return until(
    'a write is refused',
    async () => {
      count += 1
      const key = `more/${count}`
      const answer = await client.ask(pathOf(key), { method: 'PUT', bytes: Buffer.from(VALUE) })
      if (answer.status === 200) kept.set(key, VALUE)
      return answer.status === 503 ? answer : undefined
    },
    { withinMs: 30_000, everyMs: 20 },
  )
}

function expectUnavailable(answer: CatalogAnswer): void {
  expect(jsonOf(answer)).toMatchObject({ code: 'unavailable', status: 503 })
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
}

async function untilWritten(client: CatalogClient, kept: Map<string, string>): Promise<void> {
  const written = async () => (await client.put('again', VALUE)).kind === 'done' || undefined
  await until('writes are done again', written, { withinMs: AGAIN_WITHIN_MS, everyMs: 100 })
  kept.set('again', VALUE)
}

/** What was confirmed can be read, and the answer says that it may be behind. */
async function expectStaleReads(
  client: CatalogClient,
  server: Server,
  kept: ReadonlyMap<string, string>,
): Promise<void> {
  const answer = await client.ask(pathOf('a'))
  expect(answer.status).toBe(200)
  expect(Number(answer.headers[HEADERS.stale])).toBeGreaterThanOrEqual(0)
  await expectKept(client, kept)
  const { catalog } = JSON.parse((await call(`${server.url}/registry/v1/cluster`)).text) as Cluster
  expect(catalog).toMatchObject({ engine: 'lmdb', state: 'stale' })
}

async function expectFreshReads(
  client: CatalogClient,
  kept: ReadonlyMap<string, string>,
): Promise<void> {
  const isFresh = async () => (await client.ask(pathOf('a'))).headers[HEADERS.stale] === undefined
  await until('reads are fresh', async () => (await isFresh()) || undefined, {
    withinMs: AGAIN_WITHIN_MS,
  })
  await expectKept(client, kept)
}

async function expectKept(client: CatalogClient, kept: ReadonlyMap<string, string>): Promise<void> {
  for (const [key, value] of kept) {
    expect([key, (await client.get(key))?.value === value]).toEqual([key, true])
  }
}

let whole: Promise<Buffer> | undefined
/** A data file with some content, made once for all who damage it. */
const someFile = () => (whole ??= fileOfSome())

/** What a node that was stopped leaves behind. */
async function fileOfSome(): Promise<Buffer> {
  await using server = await startServer()
  await using client = new CatalogClient(server.url)
  for (const key of ['a', 'b', 'c']) done(await client.put(key, VALUE))
  expect((await server.stop()).code).toBe(0)
  return readFile(join(server.data, FOLDER, FILE))
}

/** Starts a node that has to end with a sentence, and leave nothing behind in the folder. */
async function startRefused(data: string): Promise<CliResult> {
  const before = await readdir(data)
  const result = await runCli(['server', '--http', '127.0.0.1:0', '--data', data])
  expect(result).toMatchObject({ code: 1, stdout: '' })
  // A sentence, and not the trace of a bug.
  expect(result.stderr).not.toMatch(/^ +at /m)
  expect(await readdir(data)).toEqual(before)
  return result
}

function overwritten(bytes: Buffer, from: number, length: number): Buffer {
  const random = seededRandom(5)
  const copy = Buffer.from(bytes)
  for (let at = from; at < Math.min(from + length, copy.length); at += 1) {
    copy.writeUInt8(Math.floor(random() * 256), at)
  }
  return copy
}
