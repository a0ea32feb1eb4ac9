/**
 * What operators see of a cluster and do with it, and what they get wrong.
 *
 * @module
 */

import { API_BASE, type Explanation, type MemberList } from '@rollcall/protocol'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { Cluster } from './support/cluster.ts'
import { clusterOf, statesOf } from './support/cluster-status.ts'
import { namesOf, registerAt } from './support/fleet.ts'
import { freePort } from './support/free-port.ts'
import { call, callJson, instanceUrl } from './support/http.ts'
import { metric } from './support/metrics.ts'
import { runCli, runCliJson } from './support/run-cli.ts'
import { Churn, SdkClients } from './support/sdk-clients.ts'
import { startServer } from './support/spawn-server.ts'
import { idsAt, untilAllShow, Witness } from './support/witness.ts'

const SOON = { withinMs: 10_000 }

/** A node is missed after five seconds. */
const LOST = { withinMs: 25_000 }

const REFUSED = 'rollcall_peer_refusals_total\\{reason="wrong_secret"\\}'

const CLIENTS = 30

const STEADY = { ttlMs: 3_600_000 }

test.concurrent(
  'any node explains what happened at another',
  async () => {
    await using cluster = await Cluster.start()
    const [a = '', b = '', c = ''] = cluster.urls
    await registerAt(a, { service: 'shop', ids: ['here', 'gone'] }, STEADY)
    await untilAllShow(cluster.urls, { service: 'shop', ids: ['here', 'gone'], ...SOON })
    expect((await call(instanceUrl(b, 'shop', 'gone'), { method: 'DELETE' })).status).toBe(204)
    await untilAllShow(cluster.urls, { service: 'shop', ids: ['here'], ...SOON })
    for (const [at, url] of [
      ['a', a],
      ['b', b],
      ['c', c],
    ] as const) {
      expect(await explain(url, 'here')).toMatchObject({ verdict: 'visible', node: at })
      const gone = await explain(url, 'gone')
      expect(gone).toMatchObject({ verdict: 'cancelled', node: at })
      expect(gone.history.map(({ event }) => event)).toEqual(['registered', 'cancelled'])
      expect(await explain(url, 'nobody')).toMatchObject({ verdict: 'never_registered' })
    }
  },
  60_000,
)

test.concurrent(
  'an operator sees who is lost, and removes it',
  async () => {
    await using cluster = await Cluster.start()
    const env = { ROLLCALL_SERVER: cluster.url('b') }
    const table = await runCli(['members'], env)
    expect(table).toMatchObject({ code: 0, stderr: '' })
    expect(table.stdout.match(/\balive\b/g)).toHaveLength(3)
    expect((await runCli(['members', 'remove', 'nobody'], env)).code).toBe(3)

    await cluster.node('a').kill9()
    const isLost = async () => (await statesOf(cluster.url('b')))['a'] === 'lost' || undefined
    await until('the dead node is lost', isLost, LOST)
    const { members } = await runCliJson<MemberList>(['members'], env)
    expect(members.map(({ id, planes }) => `${id} ${planes.instances.state}`)).toEqual([
      'a lost',
      'b alive',
      'c alive',
    ])
    expect((await runCli(['members'], env)).stdout).toMatch(/^a\b.*\blost\b/m)

    expect((await runCli(['members', 'remove', 'a'], env)).code).toBe(0)
    for (const name of ['b', 'c']) {
      const isGone = async () => {
        const { instances } = await clusterOf(cluster.url(name))
        return (instances.members === 2 && instances.alive === 2) || undefined
      }
      await until(`${name} counts two members`, isGone, SOON)
    }
    // What it was home of, others judge; it may come back.
    await cluster.start('a')
    await cluster.agree({ withinMs: 50_000 })
    expect((await clusterOf(cluster.url('b'))).instances).toMatchObject({ members: 3, alive: 3 })
  },
  120_000,
)

test.concurrent(
  'a second node of one id refuses to start and says so, and the first serves on',
  async () => {
    await using cluster = await Cluster.start({ names: ['a', 'b'] })
    const data = `${cluster.node('a').data}/other`
    const args = ['server', '--http', '127.0.0.1:0', '--data', data, '--id', 'a']
    const refused = await runCli([...args, '--peers', new URL(cluster.url('a')).host])
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/\ba\b.*id|id.*\ba\b/)
    expect(refused.stderr).toContain('--id')
    expect((await call(`${cluster.url('a')}/readyz`)).status).toBe(200)
    await registerAt(cluster.url('a'), { service: 'shop', ids: ['one'] }, STEADY)
    await untilAllShow(cluster.urls, { service: 'shop', ids: ['one'], ...SOON })
  },
  120_000,
)

test.concurrent(
  'nodes with different secrets do not merge, and say why',
  async () => {
    const [atA, atB] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
    const start = (id: string, http: string, more: readonly string[]) =>
      startServer({ http, args: ['--id', id, ...more] })
    await using a = await start('a', atA, ['--peers', atB, '--cluster-secret', 'the-first-secret'])
    await using b = await start('b', atB, ['--peers', atA, '--cluster-secret', 'another-secret'])
    await registerAt(a.url, { service: 'shop', ids: ['at-a'] }, STEADY)
    await registerAt(b.url, { service: 'shop', ids: ['at-b'] }, STEADY)
    for (const { url } of [a, b]) {
      const isTold = async () => ((await metric(url, REFUSED)) ?? 0) > 1 || undefined
      await until('refusals are counted, again and again', isTold, { withinMs: 50_000 })
      expect((await clusterOf(url)).instances).toMatchObject({ members: 1, alive: 1 })
    }
    expect(await idsAt(a.url, 'shop')).toEqual(new Set(['at-a']))
    expect(await idsAt(b.url, 'shop')).toEqual(new Set(['at-b']))
    for (const { stderr } of [a, b]) {
      expect(stderr.join('\n')).toMatch(/secret/)
      expect(stderr.join('\n')).not.toMatch(/the-first-secret|another-secret/)
    }
  },
  120_000,
)

test.concurrent(
  'every node is restarted, twice, and no reader misses anybody for a moment',
  async () => {
    await using cluster = await Cluster.start()
    const { urls } = cluster
    const ids = namesOf('live', CLIENTS)
    await using clients = new SdkClients(urls)
    await clients.register('shop', ids)
    await untilAllShow(urls, { service: 'shop', ids, withinMs: 25_000 })
    await using witness = new Witness({ urls, service: 'shop', expected: ids })
    await using churn = new Churn(urls)

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      for (const name of cluster.names) {
        const { code } = await cluster.node(name).stop(signal)
        expect([name, signal, code]).toEqual([name, signal, 0])
        await cluster.start(name)
        await witness.lookAgain()
        await untilAllAlive(cluster)
      }
    }
    await witness.lookAgain()
    expect(witness.lapses).toEqual([])
    expect(clients.lost).toEqual([])
    await churn.stop()
    await cluster.agree({ withinMs: 50_000 })
  },
  200_000,
)

/** As an operator does before the next one. */
async function untilAllAlive(cluster: Cluster): Promise<void> {
  const isWhole = async () => {
    const seen = await Promise.all(cluster.urls.map(statesOf))
    const are = cluster.names.every((name) => seen.every((states) => states[name] === 'alive'))
    return are || undefined
  }
  await until('every node hears every other', isWhole, { withinMs: 50_000 })
}

function explain(url: string, id: string): Promise<Explanation> {
  return callJson<Explanation>(`${url}${API_BASE}/explain?service=shop&id=${id}`)
}
