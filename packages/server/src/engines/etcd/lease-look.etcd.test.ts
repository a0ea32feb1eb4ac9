import { status as STATUS } from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import { etcdOfFile, runEtcdEngine } from '../../testing/etcd-engines.ts'
import { EtcdDoor, type DoorCall } from '../../testing/etcd-door.ts'
import { askEtcd } from '../../testing/etcd-members.ts'
import { METHODS } from './methods.ts'

const NOBODY = { code: STATUS.UNAVAILABLE, details: 'etcdserver: request timed out' }
const etcd = etcdOfFile('look')

async function setUp() {
  const { url } = etcd
  const prefix = etcd.newPrefix()
  const door = await EtcdDoor.before(url)
  onTestFinished(() => door[Symbol.asyncDispose]())
  const engine = await runEtcdEngine({ url: door.url, prefix })
  onTestFinished(() => {
    door.decide = () => 'pass'
  })
  const lease = await engine.leases.grant({ ttlMs: 60_000 })
  const record = `${prefix}/!lease/1/${lease.id}`
  const isLook = ({ path, bytes }: DoorCall) => path === METHODS.txn.path && bytes.includes(record)
  return { engine, door, lease, record, url, isLook }
}

test('a renewal that no majority stands behind is not confirmed', async () => {
  const { engine, door, lease, isLook } = await setUp()
  door.decide = (call) => (isLook(call) ? NOBODY : 'pass')
  await expect(engine.leases.keepAlive([lease.id])).rejects.toMatchObject({ code: 'unavailable' })
  door.decide = () => 'pass'
  expect(await engine.leases.keepAlive([lease.id])).toEqual([lease])
})

test('a lease that was renewed by a member that lags behind its end has ended', async () => {
  const { engine, lease, record, url } = await setUp()
  await askEtcd(url, 'kv/deleterange', { key: Buffer.from(record).toString('base64') })
  expect(await engine.leases.keepAlive([lease.id])).toEqual([undefined])
})

test('a renewal by a leader that another one has followed is made again', async () => {
  const { engine, door, lease, isLook } = await setUp()
  let looks = 0
  const laterTerm = (answer: Buffer) => {
    // The header comes first, and the term is the last of it.
    const at = 1 + (answer[1] ?? 0)
    answer[at] = (answer[at] ?? 0) + 1
    return answer
  }
  door.decide = (call) => {
    if (!isLook(call)) return 'pass'
    looks += 1
    return looks === 1 ? { alter: laterTerm } : 'pass'
  }
  expect(await engine.leases.keepAlive([lease.id])).toEqual([lease])
  expect(looks).toBe(2)
})

test('leases that are renewed at once are looked for together', async () => {
  const { engine, door, lease } = await setUp()
  const leases = [lease]
  for (let more = 0; more < 9; more += 1) leases.push(await engine.leases.grant({ ttlMs: 9_000 }))
  let looks = 0
  door.decide = ({ path, bytes }) => {
    if (path === METHODS.txn.path && bytes.includes('!lease/')) looks += 1
    return 'pass'
  }
  expect(await engine.leases.keepAlive(leases.map(({ id }) => id))).toEqual(leases)
  expect(looks).toBeLessThan(leases.length)
})
