/**
 * Restores: whatever happens to a node meanwhile, what is there is the old content or the new.
 *
 * @module
 */

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { API_BASE, type KvSnapshotEvent } from '@rollcall/protocol'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { backupFile, type BackupContent } from './support/backup-file.ts'
import { Bystander } from './support/bystander.ts'
import { CatalogClient, done } from './support/catalog-client.ts'
import { leastFootprint, startMeasuredServer } from './support/footprint.ts'
import { held as heldOf, MOMENTS, OLD, untilIdle } from './support/restore-moments.ts'
import { Restoring, restoreWhole } from './support/restoring.ts'
import { runCli } from './support/run-cli.ts'
import { SmallDisk } from './support/small-disk.ts'
import { startServer, type Server } from './support/spawn-server.ts'
import { EventStream } from './support/sse.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const NEW: BackupContent = { prefix: 'new/', keys: 80_000, value: 'n'.repeat(150) }
const SPOOL = 'restore'
/** What is held of a file of many times that size. */
const MEMORY_MIB = 25

const newFile = backupFile(NEW)
const held = (client: CatalogClient) => heldOf(client, NEW)

async function fill(url: string): Promise<void> {
  expect(await restoreWhole(url, backupFile(OLD))).toMatchObject({ status: 200 })
}

test.each(MOMENTS)(
  'a node that is killed when it $name holds the old or the new, whole, and nothing besides',
  async ({ reach, leaves }) => {
    await using folder = await temporaryFolder()
    const data = folder.path
    {
      await using server = await startServer({ data })
      await fill(server.url)
      await untilIdle(server.url)
      await using restoring = new Restoring(server.url, newFile.length)
      await reach(restoring, newFile)
      await server.kill9()
    }
    await using server = await startServer({ data })
    await using client = new CatalogClient(server.url)
    const found = await held(client)
    expect(leaves).toContain(found)
    expect(await readdir(data)).not.toContain(SPOOL)
    await untilIdle(server.url)
    expect(await held(client)).toBe(found)
    // It goes on as if nothing had been: writes, and another restore.
    done(await client.put('after', 'it'))
    expect(await restoreWhole(server.url, newFile)).toMatchObject({ status: 200 })
    expect(await held(client)).toBe('new')
  },
  120_000,
)

test('a disk that has no room for the file, or for its content, refuses it and goes on', async () => {
  await using disk = await SmallDisk.mount(24)
  await using server = await startServer({ data: disk.path })
  await using client = new CatalogClient(server.url)
  await fill(server.url)
  const large = backupFile({ ...NEW, keys: 120_000 })
  expect(large.length).toBeGreaterThan(24 * 2 ** 20)
  const spooled = await restoreWhole(server.url, large)
  expect(spooled).toMatchObject({ status: 503, body: { code: 'engine_full' } })
  expect(await readdir(disk.path)).not.toContain(SPOOL)
  expect(await held(client)).toBe('old')

  // It fits as a file, and not as content beside it.
  const some = backupFile({ ...NEW, keys: 48_000 })
  const checked = await restoreWhole(server.url, some, '?dryRun=1')
  expect([checked.status, checked.body]).toMatchObject([
    503,
    { code: 'engine_full', details: { neededBytes: expect.any(Number) } },
  ])
  expect((await restoreWhole(server.url, some)).body).toMatchObject({ code: 'engine_full' })
  expect(await held(client)).toBe('old')
  done(await client.put('after', 'it'))
})

test('a disk that fills up while the new content is written leaves the old, and takes it later', async () => {
  await using disk = await SmallDisk.mount(120)
  await using server = await startServer({ data: disk.path })
  await using client = new CatalogClient(server.url)
  await using bystander = new Bystander(server.url)
  await fill(server.url)
  await using restoring = new Restoring(server.url, newFile.length)
  restoring.send(newFile)
  await restoring.untilIt('writes', ({ state }) => state === 'writing')
  disk.fill()
  const { status, body } = await restoring.answer()
  expect([status, body]).toEqual([503, expect.objectContaining({ code: 'engine_full' })])
  expect(await held(client)).toBe('old')
  disk.free()
  await untilIdle(server.url)
  const written = async () => (await client.put('again', '1')).kind === 'done' || undefined
  await until('it takes writes again', written, { withinMs: 15_000 })
  expect(await restoreWhole(server.url, newFile)).toMatchObject({ status: 200 })
  expect(await held(client)).toBe('new')
  expect((await bystander.stop()).answers).toBeGreaterThan(3)
}, 120_000)

test('watchers start over, leases last on, and instances notice nothing', async () => {
  await using server = await startServer()
  await using client = new CatalogClient(server.url)
  await using bystander = new Bystander(server.url)
  await fill(server.url)
  const lease = done(await client.grant(5_000, 'of the old')).answer
  done(await client.put('leased', 'x', { lease: lease.id }))
  const file = await backup(server)
  done(await client.put('later', 'y'))
  const watch = `${server.url}${API_BASE}/watch`
  await using keys = await EventStream.open(`${watch}?kv=`)
  await using services = await EventStream.open(`${watch}?service=bystanders`)
  await keys.next('all keys', isLastPage)
  await services.snapshot()
  const { status, body } = await restoreWhole(server.url, file)
  expect([status, body]).toMatchObject([200, { count: OLD.keys + 2, replacedWrites: 0 }])

  const resync = await keys.next('to start over', ({ event }) => event === 'resync')
  expect(resync.data).toMatchObject({ reason: 'restored' })
  const from = keys.events.indexOf(resync)
  await keys.next(
    'all keys again',
    (event) => keys.events.indexOf(event) > from && isLastPage(event),
  )
  const told = keys.events
    .slice(from)
    .flatMap(({ event, data }) =>
      event === 'kv-snapshot' ? (data as KvSnapshotEvent).entries.map(({ key }) => key) : [],
    )
  expect(told).toHaveLength(OLD.keys + 1)
  expect(told).toContain('leased')
  expect(services.events.map(({ event }) => event)).not.toContain('resync')
  expect((await client.keepAlive(lease.id)).kind).toBe('done')
  expect((await client.leases('of the'))[0]).toMatchObject({ id: lease.id, ttlMs: 5_000 })
  const gone = async () => ((await client.get('leased')) === undefined ? true : undefined)
  await until('the lease has ended with its key', gone, { withinMs: 15_000 })
  await bystander.stop()
})

test('a backup moves from LMDB into memory and back, by the command line', async () => {
  await using folder = await temporaryFolder()
  await using first = await startServer()
  await fill(first.url)
  const files = ['first', 'second'].map((name) => join(folder.path, name))
  const [from = '', to = ''] = files
  const cli = async (...args: string[]) => {
    const result = await runCli(args)
    expect(result).toMatchObject({ code: 0 })
    return result.stdout
  }
  expect(await cli('backup', from, '--server', first.url)).toMatch(/^Saved 3000 keys/)
  await using memory = await startServer({ args: ['--engine', 'memory'] })
  await cli('restore', from, '--server', memory.url)
  await cli('backup', to, '--server', memory.url)
  await using last = await startServer()
  expect(await cli('restore', to, '--server', last.url)).toMatch(/^Restored 3000 keys/)
  await using client = new CatalogClient(last.url)
  expect(await held(client)).toBe('old')
  expect((await stat(from)).mode & 0o777).toBe(0o600)
})

test('a large file is kept on the disk and not in memory, in either direction', async () => {
  await using server = await startMeasuredServer()
  const large = backupFile({ ...NEW, keys: 250_000 })
  const before = await leastFootprint(server)
  {
    await using checking = new Restoring(server.url, large.length, '?dryRun=1')
    checking.send(large.subarray(0, -1))
    const share = (large.length - 1) / large.length
    await checking.untilIt('lacks a byte', ({ progress }) => (progress ?? 0) >= share)
    const during = await leastFootprint(server)
    expect(during.memoryMib - before.memoryMib).toBeLessThan(MEMORY_MIB)
    checking.send(large.subarray(-1))
    expect(await checking.answer()).toMatchObject({ status: 200 })
  }
  expect(await restoreWhole(server.url, large)).toMatchObject({ status: 200 })
  await untilIdle(server.url)
  const filled = await leastFootprint(server)
  const readers = await Promise.all(Array.from({ length: 4 }, () => fetch(backupUrl(server))))
  const meanwhile = await leastFootprint(server)
  expect(meanwhile.memoryMib - filled.memoryMib).toBeLessThan(MEMORY_MIB)
  for (const { body } of readers) await body?.cancel()
}, 120_000)

function isLastPage({ event, data }: { event: string; data: unknown }): boolean {
  return event === 'kv-snapshot' && !(data as KvSnapshotEvent).more
}

const backupUrl = ({ url }: Server) => `${url}${API_BASE}/backup`

async function backup(server: Server): Promise<Buffer> {
  const response = await fetch(backupUrl(server))
  return Buffer.from(await response.arrayBuffer())
}
