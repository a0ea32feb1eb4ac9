/**
 * Agents of lodastack behind a balancer: two nodes, and one catalog on etcd.
 *
 * @module
 */

import { until } from '@rollcall/runtime/testing'
import { EtcdMembers } from '@rollcall/server/testing'
import { expect, test } from 'vitest'
import { Lodastack } from './support/lodastack.ts'
import { startServer } from './support/spawn-server.ts'

const SOON = { withinMs: 30_000, everyMs: 50 }
/** A machine that is there: whenever its rows are deleted, a node that has looked twice brings it back. */
const CANARY = 'canary'

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

  const report = (client: Lodastack, name: string, oldhostname = '') =>
    client.report(name, { oldhostname, update: oldhostname !== '', newiplist: ['10.0.0.1'] })
  await a.register(CANARY)
  await Promise.all([...names, CANARY].map((name) => report(a, name)))
  await until(
    'the other knows the reports',
    async () => (await agentsOf(b)).length === 21 || undefined,
    SOON,
  )
  const renamed = names.map((name) => name.replace('web-', 'www-'))
  await Promise.all(renamed.map((name) => report(b, name, name.replace('www-', 'web-'))))
  // Once more: at first it may have been one of those that had just come, which are looked at sooner.
  for (const time of ['once', 'once more']) {
    await a.send('DELETE', '/resource/list', [{ ns: '', type: 'machine', resourceid: CANARY }])
    await until(
      `machines were looked at ${time}`,
      async () => (await hostnamesOf(a)).includes(CANARY) || undefined,
      { withinMs: 60_000, everyMs: 100 },
    )
  }
  for (const client of [a, b]) {
    await until(
      'the canary is there',
      async () => (await hostnamesOf(client)).includes(CANARY) || undefined,
      SOON,
    )
    expect(await hostnamesOf(client)).toEqual([CANARY, ...renamed, ...renamed].sort())
    expect(await agentsOf(client)).toEqual([CANARY, ...renamed].sort())
    const [first] = told
    expect(await client.register('www-0')).toEqual(first?.[0])
    const roles = Object.values(await client.ask<Record<string, { role: string }>>('GET', '/peer'))
    expect(roles.map(({ role }) => role).sort()).toEqual(['Follower', 'Leader'])
  }
})

function leavesOf(client: Lodastack): Promise<readonly string[]> {
  return client.ask('GET', '/ns', { format: 'list' })
}

async function hostnamesOf(client: Lodastack): Promise<readonly string[]> {
  return (await client.machines('loda')).map(({ hostname = '' }) => hostname).sort()
}

async function agentsOf(client: Lodastack): Promise<readonly string[]> {
  return Object.keys(await client.ask<Record<string, object>>('GET', '/agents')).sort()
}
