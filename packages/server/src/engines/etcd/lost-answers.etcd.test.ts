import { systemClock } from '@rollcall/runtime'
import { expect, onTestFinished, test } from 'vitest'
import type { Commit } from '../../catalog/engine.ts'
import { contentOf, doAll, put, read, remove } from '../../testing/engine-contract/home.ts'
import { etcdOfFile, runEtcdEngine } from '../../testing/etcd-engines.ts'
import { MuteProxy } from '../../testing/mute-proxy.ts'
import type { EtcdEngine } from './index.ts'

const never = new AbortController().signal
const etcd = etcdOfFile('lost')

/** An engine behind a proxy, and another that sees etcd as it is. */
async function setUp() {
  const { url } = etcd
  const prefix = etcd.newPrefix()
  const proxy = await MuteProxy.before(url)
  const open = (node: string, endpoint: string) => runEtcdEngine({ url: endpoint, prefix, node })
  const engine = await open('n1', proxy.url)
  const witness = await open('n2', url)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  return { engine, witness, proxy, open, url }
}

async function untilThere(engine: EtcdEngine, key: string): Promise<void> {
  while (!(key in (await contentOf(engine)))) await systemClock.sleep(10, never)
}

test('what a batch did whose answer was lost is found out, for each of its commits', async () => {
  const { engine, witness, proxy } = await setUp()
  const lease = await engine.leases.grant({ ttlMs: 60_000 })
  const gone = await engine.leases.grant({ ttlMs: 60_000 })
  await engine.leases.revoke(gone.id)
  await doAll(engine, put('old', '1'), put('p/1'), put('p/2'), put('bound', '', lease.id))
  const absent = { kind: 'exists', key: 'old', exists: false } as const
  const commits: Commit[] = [
    { compares: [], then: [put('new', 'x'), read('new')] },
    { compares: [absent], then: [put('a')], otherwise: [read('old'), put('b')] },
    { compares: [absent], then: [put('c')] },
    { compares: [], then: [remove('bound'), remove('nothing')] },
    { compares: [], then: [put('leased', '', lease.id)] },
    { compares: [], then: [put('refused', '', gone.id)] },
  ]
  proxy.mute()
  const asked = Promise.allSettled(commits.map((commit) => engine.commit(commit)))
  await untilThere(witness, 'new')
  proxy.breakOff()
  const answers = await asked
  const { entries } = await witness.range({ prefix: '', limit: 100 })
  const revision = entries.find(({ key }) => key === 'new')?.modRevision
  expect(answers).toMatchObject([
    { value: { revision, succeeded: true, results: [{ kind: 'put' }, { entry: { key: 'new' } }] } },
    {
      value: { revision, succeeded: false, results: [{ entry: { key: 'old' } }, { kind: 'put' }] },
    },
    { value: { revision, succeeded: false, results: [] } },
    { value: { succeeded: true, results: [{ count: 1 }, { count: 0 }] } },
    { value: { succeeded: true, results: [{ kind: 'put' }] } },
    { reason: { code: 'lease_not_found', details: { lease: gone.id } } },
  ])
  expect(entries.map(({ key }) => key)).toEqual(['b', 'leased', 'new', 'old', 'p/1', 'p/2'])
})

test('a grant whose answer was lost is granted once', async () => {
  const { engine, proxy } = await setUp()
  const id = 4_242
  proxy.mute()
  const granting = engine.leases.grant({ ttlMs: 9_000, id })
  await systemClock.sleep(300, never)
  proxy.breakOff()
  expect(await granting).toEqual({ id, ttlMs: 9_000 })
  await expect(engine.leases.grant({ ttlMs: 9_000, id })).rejects.toMatchObject({
    code: 'already_exists',
  })
})

test('a commit is unknown only when etcd stays silent, and later ones go on', async () => {
  const { engine, witness, proxy } = await setUp()
  proxy.mute()
  const lost = engine.commit({ compares: [], then: [put('a')] })
  await expect(lost).rejects.toMatchObject({ code: 'outcome_unknown' })
  expect(engine.status().broken).toBeDefined()
  await expect(doAll(engine, put('b'))).rejects.toMatchObject({ code: 'unavailable' })
  proxy.breakOff()
  while (engine.status().broken !== undefined) await systemClock.sleep(50, never)
  await doAll(engine, put('c'))
  expect(await contentOf(witness)).toEqual({ a: '', c: '' })
}, 30_000)

test('what is on its way is found out also when etcd could not be written meanwhile', async () => {
  const { engine, witness, proxy } = await setUp()
  proxy.mute()
  const asked = engine.commit({ compares: [], then: [put('a')] })
  while (engine.status().broken === undefined) await systemClock.sleep(10, never)
  proxy.breakOff()
  const first = await asked
  while (engine.status().broken !== undefined) await systemClock.sleep(10, never)
  const second = await engine.commit({ compares: [], then: [put('b')] })
  expect([first.succeeded, second.succeeded]).toEqual([true, true])
  const { entries } = await witness.range({ prefix: '', limit: 100 })
  expect(entries).toMatchObject([
    { key: 'a', modRevision: first.revision },
    { key: 'b', modRevision: second.revision },
  ])
}, 30_000)

test('of two nodes with one id the later has the lane, and the earlier stops', async () => {
  const { engine, open, url } = await setUp()
  await doAll(engine, put('a'))
  const later = await open('n1', url)
  await expect(doAll(engine, put('b'))).rejects.toMatchObject({
    code: 'unavailable',
    details: { reason: 'lane_taken' },
  })
  await doAll(later, put('c'))
  expect(await contentOf(later)).toEqual({ a: '', c: '' })
})
