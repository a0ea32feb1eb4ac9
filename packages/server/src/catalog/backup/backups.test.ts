import { existsSync } from 'node:fs'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { fileOf, gathered, inPieces } from '../../testing/backup-files.ts'
import { setUpCatalog, type CatalogHarness } from '../../testing/catalog-harness.ts'
import type { RestoreStatus } from '../catalog.ts'
import type { Resource } from '../resource-catalog.ts'
import { BACKUPS_AT_ONCE } from '../limits.ts'

const WAIT = { withinMs: 10_000, everyMs: 2 }

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

async function backup({ catalog }: Pick<CatalogHarness, 'catalog'>): Promise<Buffer> {
  await using file = await catalog.backups.open()
  return gathered(file.chunks)
}

/** Lets the plane's clock go on until something has happened on the disk, but not by the life of a lease. */
async function settled<T>({ clock }: CatalogHarness, work: Promise<T>): Promise<T> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  work.then(over, over)
  await until(
    'the restore is over',
    async () => {
      await clock.advance(1)
      return isOver || undefined
    },
    WAIT,
  )
  return work
}

/** An upload that goes on when the test says so. */
function slowly(file: Buffer, at: number) {
  let goOn = () => {}
  const waiting = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const chunks = async function* () {
    yield await Promise.resolve(file.subarray(0, at))
    await waiting
    yield file.subarray(at)
  }
  return { chunks: chunks(), goOn }
}

function stateOf({ catalog }: CatalogHarness): RestoreStatus['state'] {
  return catalog.backups.status().state
}

test('a backup restores what it was taken of, and takes all else away', async () => {
  await using t = await setUpCatalog()
  const { catalog, engine } = t
  await catalog.kv.put('a', bytes('1'))
  const lease = await catalog.leases.grant({ ttlMs: 60_000, name: 'of a service' })
  await catalog.kv.put('b', bytes('2'), { lease: lease.id })
  const file = await backup(t)
  const { revision: last } = await catalog.kv.put('later', bytes('3'))
  await t.clock.advance(50_000)

  const answer = await settled(t, catalog.backups.restore(inPieces(file)))
  expect(answer).toMatchObject({ count: 3, replacedWrites: 0, generation: 2, isBehind: false })
  expect(answer.revision).toBeGreaterThan(last)
  expect(catalog.kv.get('a')?.value).toEqual(bytes('1'))
  expect(catalog.kv.get('b')).toMatchObject({ lease: lease.id, modRevision: answer.revision })
  expect(catalog.kv.get('later')).toBeUndefined()
  expect(await catalog.leases.get(lease.id)).toMatchObject({ name: 'of a service', keys: ['b'] })
  const left = await engine.leases.timeToLive(lease.id)
  expect(left?.remainingMs).toBeGreaterThan(58_000)
  expect(catalog.backups.status()).toEqual({
    state: 'idle',
    generation: 2,
    progress: undefined,
    error: undefined,
  })
})

test('candidacies and remembered requests are in no backup, nor the leases that are only theirs', async () => {
  await using t = await setUpCatalog()
  const { catalog } = t
  const lease = await catalog.leases.grant({ ttlMs: 60_000 })
  await catalog.elections.campaign({
    name: 'x',
    candidate: 'c',
    lease: lease.id,
    value: bytes('v'),
  })
  const idempotency = { key: 'once', request: 'r' }
  await catalog.kv.put('a', bytes('1'), { idempotency })
  const file = await backup(t)
  expect(file.toString()).not.toMatch(/"k":"[eq]\//)
  expect(file.toString().match(/^\{"lease"/gm)).toHaveLength(1)

  await settled(t, catalog.backups.restore(inPieces(file)))
  expect(catalog.elections.queue('x')).toEqual([])
  const again = await catalog.kv.put('a', bytes('other'), {
    idempotency: { key: 'once', request: 'r' },
  })
  expect(again.modRevision).toBeGreaterThan(0)
  expect(catalog.kv.get('a')?.value).toEqual(bytes('other'))
})

test('raftd leases come back with each key on a lease of its own', async () => {
  await using t = await setUpCatalog()
  const { catalog } = t
  const { id } = await catalog.keyedLeases.grant({ ttlMs: 10_000, name: 'raftd' })
  await catalog.keyedLeases.keepAlive(id, { key: 'one', value: bytes('1') })
  await catalog.keyedLeases.keepAlive(id, { key: 'two', value: bytes('2') })
  const file = await backup(t)
  await catalog.keyedLeases.revoke(id)
  await settled(t, catalog.backups.restore(inPieces(file)))
  const found = await catalog.keyedLeases.get(id)
  expect(found.keys.map(({ key }) => key)).toEqual(['one', 'two'])
  await catalog.keyedLeases.keepAlive(id, { key: 'two', value: bytes('2') })
})

test('watchers are told to start over, once, when the new content is there', async () => {
  await using t = await setUpCatalog()
  const { catalog } = t
  await catalog.kv.put('a', bytes('1'))
  const file = await backup(t)
  const { revision } = await catalog.kv.put('b', bytes('2'))
  const told: string[] = []
  catalog.kv.onRestart((reason) => told.push(`${reason} ${catalog.kv.get('b') ? 'with b' : ''}`))
  catalog.kv.subscribe('', () => told.push('change'))
  await settled(t, catalog.backups.restore(inPieces(file)))
  expect(told).toEqual(['restored '])
  expect(catalog.kv.changesSince('', revision)).toBeUndefined()
  await catalog.kv.put('c', bytes('3'))
  expect(told).toEqual(['restored ', 'change'])
})

test('the tree comes back with its resources, and who watches it starts over', async () => {
  await using t = await setUpCatalog()
  const { catalog } = t
  await catalog.namespaces.create('', { name: 'product', kind: 'inner' })
  await catalog.namespaces.create('product', { name: 'web', kind: 'leaf', match: '^web-' })
  await catalog.machines.register('web-1', { ip: '10.0.0.1' })
  await catalog.resources.add(
    { type: 'deploy', ns: 'product/web' },
    { properties: { name: 'x', path: '/opt' } },
  )
  const shown = () =>
    JSON.stringify([
      catalog.namespaces.tree('', 9).children.map(({ path }) => path),
      catalog.resources.list({ type: 'machine', ns: '', limit: 9 }).resources.map(withoutRevision),
      catalog.resources.list({ type: 'deploy', ns: '', limit: 9 }).resources.map(withoutRevision),
    ])
  const before = shown()
  const file = await backup(t)
  await catalog.namespaces.create('', { name: 'later', kind: 'leaf' })
  await catalog.machines.remove('web-1')
  const told: string[] = []
  catalog.namespaces.onRestart((reason) => told.push(reason))
  await settled(t, catalog.backups.restore(inPieces(file)))
  expect(shown()).toBe(before)
  expect(told).toEqual(['restored'])
  const { created } = await catalog.machines.register('web-1', {})
  expect(created).toBe(false)
})

test('a backup from before there were namespaces leaves the root and the pool as they always are', async () => {
  await using t = await setUpCatalog()
  const { catalog } = t
  const file = await backup(t)
  await catalog.namespaces.create('', { name: 'later', kind: 'leaf' })
  await settled(t, catalog.backups.restore(inPieces(file)))
  expect(catalog.namespaces.find('later')).toBeUndefined()
  expect(catalog.namespaces.get('pool')).toMatchObject({ kind: 'leaf' })
  const { places } = await catalog.machines.register('lost', {})
  expect([...places.keys()]).toEqual(['pool'])
})

test('a dry run checks everything and changes nothing', async () => {
  await using t = await setUpCatalog()
  const { catalog } = t
  const { revision } = await catalog.kv.put('a', bytes('1'))
  const file = fileOf([{ k: 'k/b', v: '' }])
  const answer = await settled(t, catalog.backups.restore(inPieces(file), { isDryRun: true }))
  expect(answer).toMatchObject({ count: 1, replacedWrites: 0, generation: 1, revision })
  expect(catalog.kv.get('a')).toBeDefined()
  const bad = catalog.backups.restore(inPieces(file.subarray(1)), { isDryRun: true })
  await expect(settled(t, bad)).rejects.toMatchObject({ code: 'invalid_backup' })
})

test('one at a time, whose progress is told, and which leaves nothing on the disk', async () => {
  await using t = await setUpCatalog()
  const { catalog } = t
  await catalog.kv.put('a', bytes('1'))
  const file = await backup(t)
  const upload = slowly(file, 10)
  const restoring = catalog.backups.restore(upload.chunks, { bytes: file.length })
  restoring.catch(() => {})
  await until(
    'the first piece is there',
    () => (catalog.backups.status().progress ?? 0) > 0 || undefined,
    WAIT,
  )
  expect(stateOf(t)).toBe('verifying')
  expect(catalog.backups.status().progress).toBeCloseTo(10 / file.length)
  const second = catalog.backups.restore(inPieces(file))
  await expect(second).rejects.toMatchObject({ code: 'restore_in_progress' })
  const { spoolFolder } = t
  expect(existsSync(spoolFolder)).toBe(true)
  upload.goOn()
  await settled(t, restoring)
  expect(existsSync(spoolFolder)).toBe(false)
  expect(stateOf(t)).toBe('idle')
})

test('one that fails says why until the next, and changes nothing', async () => {
  await using t = await setUpCatalog()
  const { catalog } = t
  await catalog.kv.put('a', bytes('1'))
  const file = await backup(t)
  const torn = catalog.backups.restore(inPieces(file.subarray(0, -1)))
  await expect(settled(t, torn)).rejects.toMatchObject({ code: 'invalid_backup' })
  expect(catalog.backups.status()).toMatchObject({
    state: 'idle',
    generation: 1,
    error: { code: 'invalid_backup', detail: expect.stringContaining('Line 3') },
  })
  expect(existsSync(t.spoolFolder)).toBe(false)
  const brokenOff = async function* () {
    yield await Promise.resolve(file.subarray(0, 20))
    throw new Error('The cable was pulled.')
  }
  await expect(settled(t, catalog.backups.restore(brokenOff()))).rejects.toThrow('cable')
  expect(catalog.kv.get('a')).toBeDefined()
  await settled(t, catalog.backups.restore(inPieces(file)))
  expect(catalog.backups.status().error).toBeUndefined()
})

test('an upload that never ends does not hold up a plane that stops', async () => {
  await using t = await setUpCatalog()
  const file = await backup(t)
  const restoring = t.catalog.backups.restore(slowly(file, 10).chunks)
  restoring.catch(() => {})
  await until('the first piece is there', () => existsSync(t.spoolFolder) || undefined, WAIT)
  await t.stop()
  await expect(restoring).rejects.toMatchObject({ code: 'unavailable' })
  expect(existsSync(t.spoolFolder)).toBe(false)
})

test('a restore that the engine refuses is refused, and so is one before the first view', async () => {
  await using t = await setUpCatalog()
  const file = await backup(t)
  t.engine.cutOff()
  const refused = settled(t, t.catalog.backups.restore(inPieces(file)))
  await expect(refused).rejects.toMatchObject({ code: 'unavailable' })
  await using other = await t.another('n2')
  const early = other.catalog.backups.restore(inPieces(file))
  await expect(early).rejects.toMatchObject({ code: 'unavailable' })
})

test('so many backups are read at a time, and a place is free when one is disposed of', async () => {
  await using t = await setUpCatalog()
  const open = await Promise.all(
    Array.from({ length: BACKUPS_AT_ONCE }, () => t.catalog.backups.open()),
  )
  await expect(t.catalog.backups.open()).rejects.toMatchObject({ code: 'unavailable' })
  await open[0]?.[Symbol.asyncDispose]()
  await open[0]?.[Symbol.asyncDispose]()
  await using _ = await t.catalog.backups.open()
  await expect(t.catalog.backups.open()).rejects.toMatchObject({ code: 'unavailable' })
  for (const file of open) await file[Symbol.asyncDispose]()
})

function withoutRevision({ id, ns, type, properties }: Resource): object {
  return { id, ns, type, properties }
}
