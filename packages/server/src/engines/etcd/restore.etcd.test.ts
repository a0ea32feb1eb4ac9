import { expect, test } from 'vitest'
import type { Lease, Restorable } from '../../catalog/engine.ts'
import { bytes, contentOf, doAll, put } from '../../testing/engine-contract/home.ts'
import { etcdOfFile, runEtcdEngine } from '../../testing/etcd-engines.ts'
import { askEtcd } from '../../testing/etcd-members.ts'
import type { EtcdEngine } from './index.ts'
import { etcdLease } from './keyspace.ts'

const never = new AbortController().signal
const etcd = etcdOfFile('restore')

/** Two nodes of one catalog. Neither watches, so each knows only what it has asked for. */
async function setUp(): Promise<readonly [EtcdEngine, EtcdEngine]> {
  const prefix = etcd.newPrefix()
  const open = (node: string) => runEtcdEngine({ url: etcd.url, prefix, node })
  return [await open('n1'), await open('n2')]
}

function sourceOf(keys: readonly string[], lease?: Lease): Restorable {
  return {
    revision: 1,
    leases: lease ? [lease] : [],
    async *pages() {
      await Promise.resolve()
      yield keys.map((key) => ({ key, value: bytes(''), lease: lease?.id ?? 0 }))
    },
  }
}

test('a node that has not heard of a restore that left nothing restores beside it, not into it', async () => {
  const [one, other] = await setUp()
  await doAll(one, put('old'))
  expect((await one.restore(sourceOf([]), never)).generation).toBe(2)
  expect((await other.restore(sourceOf(['new']), never)).generation).toBe(3)
  expect(await contentOf(one)).toEqual({ new: '' })
})

test('a lease that an earlier try has left behind is no lease of the content', async () => {
  const [engine] = await setUp()
  const id = 1_000
  await askEtcd(etcd.url, 'lease/grant', { ID: etcdLease(2, id), TTL: 5 })
  await engine.restore(sourceOf(['leased'], { id, ttlMs: 60_000 }), never)
  expect(await engine.leases.timeToLive(id)).toMatchObject({ id, ttlMs: 60_000 })
  expect(await contentOf(engine)).toEqual({ leased: '' })
})
