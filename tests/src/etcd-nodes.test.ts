/**
 * Two nodes on one etcd: what one wrote the other reads; without a majority
 * reads go on and say how old they are, writes are refused, and instances notice nothing; and all
 * of it comes back by itself.
 *
 * @module
 */

import {
  API_BASE,
  HEADERS,
  type Cluster,
  type ClusterLeader,
  type KvEvent,
  type MemberList,
} from '@rollcall/protocol'
import { until } from '@rollcall/runtime/testing'
import { EtcdDoor, EtcdMembers } from '@rollcall/server/testing'
import { expect, test } from 'vitest'
import { Bystander } from './support/bystander.ts'
import { CatalogClient, done, jsonOf, pathOf } from './support/catalog-client.ts'
import { curl } from './support/curl.ts'
import { startServer, type Server } from './support/spawn-server.ts'
import { EventStream } from './support/sse.ts'

const AGAIN_WITHIN_MS = 30_000
const POST = { method: 'POST' } as const
const JOIN = {
  ...POST,
  bytes: Buffer.from('{"httpAddr":"127.0.0.1:1","raftAddr":"127.0.0.1:2","id":"n3"}'),
}

test('two nodes on one etcd are one catalog, through the loss of its majority', async () => {
  await using etcd = await EtcdMembers.start({ release: 'trixie', members: 3 })
  await using first = await nodeOn(etcd, 'n1')
  await using second = await nodeOn(etcd, 'n2')
  await using one = new CatalogClient(first.url)
  await using other = new CatalogClient(second.url)
  for (const round of [1, 2, 3]) {
    const { revision } = done(await one.put('k', `of the first, ${round}`))
    expect(await readAt(other, 'k', revision)).toBe(`of the first, ${round}`)
    const back = done(await other.put('k', `of the second, ${round}`))
    expect(await readAt(one, 'k', back.revision)).toBe(`of the second, ${round}`)
  }
  await expectLeader(one)
  for (const node of [first, second]) await expectLevels(node, 200)

  const bystander = new Bystander(first.url)
  await using watch = await EventStream.open(`${second.url}${API_BASE}/watch?kv=k`)
  await watch.next('what there is', ({ event }) => event === 'kv-snapshot')
  const stopped = etcd.members.slice(0, 2)
  for (const member of stopped) member.signal('SIGSTOP')
  for (const client of [one, other]) await untilRefused(client)
  for (const client of [one, other]) {
    await expectStaleRead(client, 'of the second, 3')
    await expectNoLeader(client)
  }
  for (const node of [first, second]) {
    await expectLevels(node, 503)
    expect((await curl(`${node.url}/readyz`)).status).toBe(200)
  }
  for (const member of stopped) member.signal('SIGCONT')

  for (const client of [one, other]) await untilWritten(client)
  const { revision } = done(await one.put('k', 'after'))
  expect(await readAt(other, 'k', revision)).toBe('after')
  await watch.next('what came after', ({ data }) => (data as KvEvent).revision === revision)
  // It stayed open, and went on where it was.
  expect(watch.hasEnded).toBe(false)
  const told = watch.events.map(({ event }) => event).filter((event) => event !== 'ping')
  expect(told).toEqual(['kv-snapshot', 'kv'])
  await expectLeader(other)
  const { answers } = await bystander.stop()
  expect(answers).toBeGreaterThan(10)
  for (const server of [first, second]) expect((await server.stop()).code).toBe(0)
}, 120_000)

test('a client of raftd may change its node: keys and leases are the same, and just written', async () => {
  await using etcd = await EtcdMembers.start({ release: 'trixie', members: 1 })
  await using first = await nodeOn(etcd, 'n1')
  await using second = await nodeOn(etcd, 'n2')
  await using one = new CatalogClient(first.url)
  for (let round = 0; round < 50; round += 1) {
    const value = String(round)
    done(await one.put('k', value))
    const level = round % 2 === 0 ? '' : '?level=consistent'
    // Sooner than a program could be started.
    expect(await (await fetch(`${second.url}/key/k${level}`)).text()).toBe(value)
  }
  const stale = Number((await curl(`${second.url}/key/k?level=stale`)).text)
  expect(stale).toBeLessThanOrEqual(49)

  const id = (await curl(`${first.url}/lease/grant?ttl=10&name=/esq/node-1`, POST)).text
  const query = 'key=nodeinfo&data=%7B%22weight%22%3A1%7D'
  const kept = await curl(`${first.url}/lease/keepalive/${id}?${query}`, POST)
  expect(kept.status).toBe(200)
  const found = `${second.url}/lease/kv/nodeinfo?prefix=/esq/node`
  expect(JSON.parse((await curl(found)).text)).toEqual([{ weight: 1 }])
  expect((await curl(`${second.url}/lease/keepalive/${id}?${query}`, POST)).text).toBe('null')
  expect((await curl(`${second.url}/join`, JOIN)).status).toBe(409)
}, 60_000)

test('a node whose view is behind says what it has, or waits, as it is asked to', async () => {
  await using etcd = await EtcdMembers.start({ release: 'trixie', members: 1 })
  const [url = ''] = etcd.endpoints
  await using door = await EtcdDoor.before(url)
  await using first = await nodeOn(etcd, 'n1')
  await using second = await nodeOn({ endpoints: [door.url] }, 'n2')
  await using one = new CatalogClient(first.url)
  const old = done(await one.put('k', 'old'))
  const native = `${second.url}${API_BASE}/kv/k`
  const headers = { [HEADERS.minRevision]: String(old.revision) }
  expect(await (await fetch(native, { headers })).text()).toBe('old')
  const ask = async (query: string) => await (await fetch(query)).text()
  const key = `${second.url}/key/k`

  door.keepEvents()
  done(await one.put('k', 'new'))
  const fresh = [
    ask(key),
    ask(`${key}?level=default`),
    ask(`${key}?level=consistent`),
    ask(`${native}?consistency=linearizable`),
  ]
  // Their answers would be here before these, if they were of what the node has.
  for (let round = 0; round < 3; round += 1) {
    expect(await ask(`${key}?level=stale`)).toBe('old')
    expect(await ask(native)).toBe('old')
  }
  door.letEventsThrough()
  expect(await Promise.all(fresh)).toEqual(fresh.map(() => 'new'))
}, 60_000)

function nodeOn(etcd: Pick<EtcdMembers, 'endpoints'>, id: string): Promise<Server> {
  return startServer({ args: ['--id', id, '--etcd', etcd.endpoints.join(',')] })
}

/** What a node reads once it has a revision. */
async function readAt(client: CatalogClient, key: string, revision: number): Promise<string> {
  const headers = { [HEADERS.minRevision]: String(revision) }
  const answer = await client.ask(pathOf(key), { headers })
  expect(answer.status).toBe(200)
  return answer.bytes.toString()
}

/** A node has no member of its own; those of etcd are named, and one of them leads. */
async function expectLeader(client: CatalogClient): Promise<void> {
  const { catalog } = await client.read<Cluster>('/cluster')
  expect(catalog).toMatchObject({
    engine: 'etcd',
    state: 'ok',
    leader: null,
    voters: 3,
    faultTolerance: 1,
    quotaBytes: null,
    etcdVersion: '3.5.16',
  })
  expect(catalog?.dbBytes).toBeGreaterThan(0)
  const { etcdMembers = [] } = catalog ?? {}
  expect(etcdMembers.map(({ name }) => name).toSorted()).toEqual(['m0', 'm1', 'm2'])
  const [leading, ...more] = etcdMembers.filter(({ role }) => role === 'leader')
  expect([leading?.memberId, more]).toEqual([expect.stringMatching(/^[0-9a-f]+$/), []])
  expect(await client.read<ClusterLeader>('/cluster/leader')).toEqual({
    leader: null,
    http: null,
    memberId: leading?.memberId,
    self: false,
    term: expect.any(Number) as number,
  })
  const { members } = await client.read<MemberList>('/cluster/members')
  expect(members.map(({ planes }) => planes.catalog)).toEqual([null])
}

async function expectNoLeader(client: CatalogClient): Promise<void> {
  const { catalog } = await client.read<Cluster>('/cluster')
  expect(catalog).toMatchObject({ state: 'stale', leader: null, voters: 3 })
  expect(catalog?.etcdMembers?.map(({ role }) => role)).toEqual(Array(3).fill('follower'))
  const answer = await client.ask('/cluster/leader')
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1'])
  expect(jsonOf(answer)).toMatchObject({ code: 'quorum_lost' })
}

/** What may be stale is answered at any time; the other levels are answered with `fresh`. */
async function expectLevels({ url }: Server, fresh: number): Promise<void> {
  const expected = { stale: 200, default: fresh, consistent: fresh }
  const answers = Object.keys(expected).map(async (level) => {
    const { status } = await curl(`${url}/key/k?level=${level}`)
    return [level, status] as const
  })
  expect(Object.fromEntries(await Promise.all(answers))).toEqual(expected)
}

/** One that was under way may be unknown; from then on nothing is done, and that is told at once. */
async function untilRefused(client: CatalogClient): Promise<void> {
  await until(
    'writes are refused',
    async () => {
      const answer = await client.ask(pathOf('refused'), { method: 'PUT', bytes: Buffer.from('') })
      if (answer.status !== 503) return undefined
      expect(jsonOf(answer)).toMatchObject({ code: 'unavailable' })
      expect(answer.headers['retry-after']).toBeDefined()
      return true
    },
    { withinMs: AGAIN_WITHIN_MS },
  )
}

async function expectStaleRead(client: CatalogClient, value: string): Promise<void> {
  const answer = await client.ask(pathOf('k'))
  expect([answer.status, answer.bytes.toString()]).toEqual([200, value])
  expect(Number(answer.headers[HEADERS.stale])).toBeGreaterThan(0)
}

async function untilWritten(client: CatalogClient): Promise<void> {
  await until(
    'writes are done, and reads are fresh',
    async () => {
      const put = await client.put('again', '')
      const answer = await client.ask(pathOf('k'))
      const isFresh = answer.headers[HEADERS.stale] === undefined
      return (put.kind === 'done' && isFresh) || undefined
    },
    { withinMs: AGAIN_WITHIN_MS },
  )
}
