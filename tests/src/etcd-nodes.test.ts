/**
 * Two nodes on one etcd of three members: what one wrote the other reads; without a majority
 * reads go on and say how old they are, writes are refused, and instances notice nothing; and all
 * of it comes back by itself.
 *
 * @module
 */

import { HEADERS, type Cluster, type ClusterLeader } from '@rollcall/protocol'
import { until } from '@rollcall/runtime/testing'
import { EtcdMembers } from '@rollcall/server/testing'
import { expect, test } from 'vitest'
import { Bystander } from './support/bystander.ts'
import { CatalogClient, done, jsonOf, pathOf } from './support/catalog-client.ts'
import { startServer, type Server } from './support/spawn-server.ts'

const AGAIN_WITHIN_MS = 30_000

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
  expect(await one.read<Cluster>('/cluster')).toMatchObject({
    catalog: { engine: 'etcd', state: 'ok', leader: null, voters: 3, faultTolerance: 1 },
  })
  const leader = await one.read<ClusterLeader>('/cluster/leader')
  expect(leader).toMatchObject({ leader: null, self: false })
  expect(leader.memberId).toMatch(/^[0-9a-f]+$/)

  const bystander = new Bystander(first.url)
  const stopped = etcd.members.slice(0, 2)
  for (const member of stopped) member.signal('SIGSTOP')
  for (const client of [one, other]) await untilRefused(client)
  for (const client of [one, other]) await expectStaleRead(client, 'of the second, 3')
  for (const member of stopped) member.signal('SIGCONT')

  for (const client of [one, other]) await untilWritten(client)
  const { revision } = done(await one.put('k', 'after'))
  expect(await readAt(other, 'k', revision)).toBe('after')
  const { answers } = await bystander.stop()
  expect(answers).toBeGreaterThan(10)
  for (const server of [first, second]) expect((await server.stop()).code).toBe(0)
}, 120_000)

function nodeOn(etcd: EtcdMembers, id: string): Promise<Server> {
  return startServer({ args: ['--id', id, '--etcd', etcd.endpoints.join(',')] })
}

/** What a node reads once it has a revision. */
async function readAt(client: CatalogClient, key: string, revision: number): Promise<string> {
  const headers = { [HEADERS.minRevision]: String(revision) }
  const answer = await client.ask(pathOf(key), { headers })
  expect(answer.status).toBe(200)
  return answer.bytes.toString()
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
