import { expect, test } from 'vitest'
import { contentOf, doAll, nextChange, put, watched } from '../../testing/engine-contract/home.ts'
import { etcdOfFile, runEtcdEngine, type RunningEngineOptions } from '../../testing/etcd-engines.ts'
import { askEtcd } from '../../testing/etcd-members.ts'

const never = new AbortController().signal
const base64 = (text: string) => Buffer.from(text).toString('base64')
const etcd = etcdOfFile('shared')
const { newPrefix } = etcd

const open = (options: Omit<RunningEngineOptions, 'url'>) =>
  runEtcdEngine({ url: etcd.url, ...options })

/** As somebody else who uses the same etcd. */
async function putAsOther(key: string): Promise<number> {
  const { header } = await askEtcd(etcd.url, 'kv/put', { key: base64(key), value: '' })
  return Number((header as { readonly revision: string }).revision)
}

test('what others put is not ours, and a linearizable read does not wait for it', async () => {
  const engine = await open({ prefix: newPrefix() })
  const { revision } = await doAll(engine, put('a', '1'))
  const others = await putAsOther('/shared/elsewhere')
  const read = await engine.revision()
  expect(read).toBeGreaterThan(others)
  // Whoever waits for it is told.
  expect(await watched(engine, revision, read)).toMatchObject([{ revision }])
  expect(await contentOf(engine)).toEqual({ a: '1' })
  const quiet = await engine.revision()
  expect(await engine.revision()).toBe(quiet)
})

test('two catalogs of one etcd know nothing of each other, nor do their leases', async () => {
  const [one, other] = [await open({ prefix: newPrefix() }), await open({ prefix: newPrefix() })]
  const lease = await one.leases.grant({ ttlMs: 60_000 })
  await doAll(one, put('k', 'one', lease.id))
  await doAll(other, put('k', 'other'))
  await using snapshot = await other.snapshot()
  expect(snapshot.leases).toEqual([])
  await other.restore(snapshot, never)
  expect(await contentOf(one)).toEqual({ k: 'one' })
  expect(await contentOf(other)).toEqual({ k: 'other' })
})

test('a restore at one node is told at the others, whose commits of before are refused', async () => {
  const prefix = newPrefix()
  const one = await open({ prefix })
  const other = await open({ prefix, node: 'n2' })
  const { revision } = await doAll(one, put('a', '1'))
  await using snapshot = await one.snapshot()
  await doAll(other, put('b', '2'))
  const restored = await one.restore(snapshot, never)
  await expect(doAll(other, put('c'))).rejects.toMatchObject({ code: 'generation_changed' })
  const { revision: next } = await doAll(other, put('d'))
  expect(next).toBeGreaterThan(restored.revision)
  expect(await contentOf(one)).toEqual({ a: '1', d: '' })
  await expect(nextChange(other, revision)).rejects.toMatchObject({ code: 'compacted' })
})

test('a watch that waits at another node ends when the content is replaced', async () => {
  const prefix = newPrefix()
  const one = await open({ prefix })
  const other = await open({ prefix, node: 'n2' })
  const { revision } = await doAll(one, put('a', '1'))
  const waiting = watched(other, revision + 1, Number.MAX_SAFE_INTEGER)
  waiting.catch(() => {})
  await using snapshot = await one.snapshot()
  await one.restore(snapshot, never)
  await expect(waiting).rejects.toMatchObject({ code: 'generation_changed' })
})

test('what a restore left that did not come to its end is taken away', async () => {
  const prefix = newPrefix()
  const engine = await open({ prefix })
  await doAll(engine, put('a', '1'))
  await putAsOther(`${prefix}/0000000007/left`)
  await using snapshot = await engine.snapshot()
  await engine.restore(snapshot, never)
  const end = base64(`${prefix}0`)
  const { kvs } = await askEtcd(etcd.url, 'kv/range', {
    key: base64(`${prefix}/0`),
    range_end: end,
  })
  const keys = (kvs as readonly { readonly key: string }[]).map(({ key }) =>
    Buffer.from(key, 'base64').toString(),
  )
  expect(keys).toHaveLength(1)
  expect(keys[0]).toMatch(/\/000000000[28]\/a$/)
  expect(engine.status().isCleaning).toBe(false)
})

test('a watch of what etcd has compacted says so, and a newer one goes on', async () => {
  const engine = await open({ prefix: newPrefix() })
  const { revision } = await doAll(engine, put('a', '1'))
  const { revision: last } = await doAll(engine, put('a', '2'))
  await askEtcd(etcd.url, 'kv/compaction', { revision: String(last) })
  await expect(nextChange(engine, revision)).rejects.toMatchObject({ code: 'compacted' })
  expect(await nextChange(engine, last)).toEqual([last, '+a=2'])
})

test('a user and a password, and what is told without them', async () => {
  const user = { name: 'root', password: 'secret' }
  await askEtcd(etcd.url, 'auth/user/add', user)
  await askEtcd(etcd.url, 'auth/role/add', { name: 'root' })
  await askEtcd(etcd.url, 'auth/user/grant', { user: 'root', role: 'root' })
  await askEtcd(etcd.url, 'auth/enable', {})
  const prefix = newPrefix()
  const engine = await open({ prefix, user })
  const lease = await engine.leases.grant({ ttlMs: 60_000 })
  const { revision } = await doAll(engine, put('a', '1', lease.id))
  expect(await nextChange(engine, revision)).toEqual([revision, '+a=1'])
  expect(await engine.leases.keepAlive([lease.id])).toEqual([lease])
  for (const wrong of [undefined, { ...user, password: 'wrong' }]) {
    await expect(open({ prefix, node: 'n2', ...(wrong && { user: wrong }) })).rejects.toMatchObject(
      {
        code: 'unavailable',
        details: { reason: 'denied' },
      },
    )
  }
})
