/**
 * Restores of a catalog that several nodes share: whatever dies meanwhile, what is there is the
 * old content or the new, and nothing else stays in etcd.
 *
 * @module
 */

import type { RestoreStatus } from '@rollcall/protocol'
import { until } from '@rollcall/runtime/testing'
import { askEtcd, EtcdMembers } from '@rollcall/server/testing'
import { expect, test } from 'vitest'
import { backupFile, type BackupContent } from './support/backup-file.ts'
import { CatalogClient, done } from './support/catalog-client.ts'
import { held as heldOf, MOMENTS, OLD, untilIdle } from './support/restore-moments.ts'
import { Restoring, restoreWhole } from './support/restoring.ts'
import { startServer, type Server } from './support/spawn-server.ts'

const NEW: BackupContent = { prefix: 'new/', keys: 15_000, value: 'n'.repeat(150) }
/** Longer than what a node that died holds the lock. */
const FREE_WITHIN_MS = 45_000
const WRITTEN_WITHIN_MS = 30_000

const newFile = backupFile(NEW)
const held = (client: CatalogClient) => heldOf(client, NEW)

test.each(MOMENTS)(
  'a node that is killed when it $name leaves the old or the new, whole, and nothing besides',
  async ({ reach, leaves }) => {
    await using etcd = await EtcdMembers.start({ release: 'trixie', members: 1 })
    await using witness = await nodeOn(etcd, 'n2')
    await using other = new CatalogClient(witness.url)
    {
      await using server = await nodeOn(etcd, 'n1')
      await fill(server.url)
      await using restoring = new Restoring(server.url, newFile.length)
      await reach(restoring, newFile)
      await server.kill9()
    }
    // Back again, it takes away at once what it has left.
    await using server = await nodeOn(etcd, 'n1')
    await using client = new CatalogClient(server.url)
    const found = await held(client)
    expect(leaves).toContain(found)
    await untilHeld(other, found)
    await untilOnly(etcd, found === 'old' ? OLD.keys : NEW.keys)
    done(await other.put('after', 'it'))
    expect(await restoreWhole(server.url, newFile)).toMatchObject({ status: 200 })
    for (const node of [client, other]) await untilHeld(node, 'new')
    await untilOnly(etcd, NEW.keys)
  },
  120_000,
)

test.concurrent(
  'where a node died and stays away, another one restores after a while',
  async () => {
    await using etcd = await EtcdMembers.start({ release: 'trixie', members: 1 })
    await using witness = await nodeOn(etcd, 'n2')
    await using other = new CatalogClient(witness.url)
    {
      await using server = await nodeOn(etcd, 'n1')
      await fill(server.url)
      await using restoring = new Restoring(server.url, newFile.length)
      await sendUntilWriting(restoring)
      await server.kill9()
    }
    expect(await held(other)).toBe('old')
    expect((await restoreWhole(witness.url, newFile)).body).toMatchObject({ code: 'unavailable' })
    await untilRestored(witness)
    expect(await held(other)).toBe('new')
    await untilOnly(etcd, NEW.keys)
  },
  120_000,
)

test.concurrent(
  'a member that dies while the content is written costs nothing',
  async () => {
    await using etcd = await EtcdMembers.start({ release: 'trixie', members: 3 })
    await using server = await nodeOn(etcd, 'n1')
    await using client = new CatalogClient(server.url)
    await fill(server.url)
    await using restoring = new Restoring(server.url, newFile.length)
    await sendUntilWriting(restoring)
    const [first] = etcd.members
    await first?.kill()
    expect(await restoring.answer()).toMatchObject({ status: 200 })
    await untilHeld(client, 'new')
    await untilIdle(server.url)
    first?.start()
    done(await client.put('after', 'it'))
  },
  120_000,
)

test.concurrent(
  'without a majority a restore fails and leaves the old content, and one succeeds after it',
  async () => {
    await using etcd = await EtcdMembers.start({ release: 'trixie', members: 3 })
    await using server = await nodeOn(etcd, 'n1')
    await using client = new CatalogClient(server.url)
    await fill(server.url)
    {
      await using restoring = new Restoring(server.url, newFile.length)
      await sendUntilWriting(restoring)
      const stopped = etcd.members.slice(0, 2)
      for (const member of stopped) member.signal('SIGSTOP')
      expect((await restoring.answer()).body).toMatchObject({ code: 'unavailable' })
      for (const member of stopped) member.signal('SIGCONT')
    }
    const isWritten = async () =>
      (await client.put('old/0000000', OLD.value)).kind === 'done' || undefined
    await until('it takes writes again', isWritten, { withinMs: WRITTEN_WITHIN_MS })
    expect(await held(client)).toBe('old')
    await untilRestored(server)
    await untilHeld(client, 'new')
    await untilOnly(etcd, NEW.keys)
  },
  180_000,
)

function nodeOn(etcd: EtcdMembers, id: string): Promise<Server> {
  return startServer({ args: ['--id', id, '--etcd', etcd.endpoints.join(',')] })
}

async function fill(url: string): Promise<void> {
  expect(await restoreWhole(url, backupFile(OLD))).toMatchObject({ status: 200 })
}

const hasWritten = ({ state, progress }: RestoreStatus) =>
  state === 'writing' && (progress ?? 0) > 0.2

async function sendUntilWriting(restoring: Restoring): Promise<void> {
  restoring.send(newFile)
  await restoring.untilIt('has written some', hasWritten)
}

/** Tries until the lock of whoever died or was cut off is free. */
async function untilRestored({ url }: Server): Promise<void> {
  const restored = async () => (await restoreWhole(url, newFile)).status === 200 || undefined
  await until('it is restored', restored, { withinMs: FREE_WITHIN_MS, everyMs: 1_000 })
}

/** A node is told of a restore by its watch, and reads the content anew. */
async function untilHeld(client: CatalogClient, content: 'old' | 'new'): Promise<void> {
  const isThere = async () => {
    const found = await held(client).catch(() => undefined)
    return found === content || undefined
  }
  await until(`it holds the ${content}`, isThere, { withinMs: WRITTEN_WITHIN_MS })
}

/** Waits until so many keys of content are all that there are in etcd, of whichever generation. */
async function untilOnly(etcd: EtcdMembers, keys: number): Promise<void> {
  const [url = ''] = etcd.endpoints
  const span = { key: base64('/rollcall/0'), range_end: base64('/rollcall/:'), count_only: true }
  const isOnly = async () => {
    const { count } = await askEtcd(url, 'kv/range', span)
    return Number(count) === keys || undefined
  }
  await until('nothing else is left in etcd', isOnly, { withinMs: WRITTEN_WITHIN_MS })
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
