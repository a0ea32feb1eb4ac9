/**
 * Agents of lodastack behind a balancer: two nodes, and one catalog on etcd.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '@rollcall/runtime/testing'
import { EtcdMembers } from '@rollcall/server/testing'
import { expect, test } from 'vitest'
import { Lodastack } from './support/lodastack.ts'
import { startServer } from './support/spawn-server.ts'

/** Every node has looked twice at all machines that are there. */
const LOOKS_MS = 12_000
const SOON = { withinMs: 30_000, everyMs: 50 }

test('agents register once, and are renamed once, whichever nodes they talk to', async () => {
  await using etcd = await EtcdMembers.start({ release: 'trixie', members: 1 })
  const args = ['--root-name', 'loda', '--etcd', etcd.endpoints.join(',')]
  await using one = await startServer({ args: [...args, '--id', 'one'] })
  const peers = ['--peers', one.http]
  await using other = await startServer({
    args: [...args, '--id', 'other', ...peers],
  })
  const [a, b] = [new Lodastack(one.url), new Lodastack(other.url)]

  await a.grow(['p.loda', '1'], ['web.p.loda', '0', '^web-'], ['all.p.loda', '0', '^web-'])
  const names = Array.from({ length: 20 }, (_, at) => `web-${at}`)
  await until(
    'both know the rules',
    async () => (await leavesOf(b)).length === 3 || undefined,
    SOON,
  )
  const told = await Promise.all(
    names.map((name) => Promise.all([a.register(name), b.register(name)])),
  )
  for (const [byA, byB] of told) {
    expect(Object.keys(byA).sort()).toEqual(['all.p.loda', 'web.p.loda'])
    expect(byB).toEqual(byA)
  }
  expect(await a.machines('loda')).toHaveLength(40)

  const report = (client: Lodastack, name: string, oldhostname = name) =>
    client.report(name, { oldhostname, update: name !== oldhostname, newiplist: ['10.0.0.1'] })
  await Promise.all(names.map((name) => report(a, name)))
  await until(
    'the other knows the reports',
    async () => (await agentsOf(b)).length === 20 || undefined,
    SOON,
  )
  const renamed = names.map((name) => name.replace('web-', 'www-'))
  await Promise.all(renamed.map((name) => report(b, name, name.replace('www-', 'web-'))))
  await sleep(LOOKS_MS)
  for (const client of [a, b]) {
    const hostnames = (await client.machines('loda')).map(({ hostname }) => hostname)
    expect(hostnames.sort()).toEqual([...renamed, ...renamed].sort())
    expect(await agentsOf(client)).toEqual([...renamed].sort())
    const [first] = told
    expect(await client.register('www-0')).toEqual(first?.[0])
    const roles = Object.values(await client.ask<Record<string, { role: string }>>('GET', '/peer'))
    expect(roles.map(({ role }) => role).sort()).toEqual(['Follower', 'Leader'])
  }
})

function leavesOf(client: Lodastack): Promise<readonly string[]> {
  return client.ask('GET', '/ns', { format: 'list' })
}

async function agentsOf(client: Lodastack): Promise<readonly string[]> {
  return Object.keys(await client.ask<Record<string, object>>('GET', '/agents')).sort()
}
