/**
 * A session of lodastack against real nodes, one of which is killed in the middle.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { callJson, instanceUrl, TTL_MS } from './support/http.ts'
import { Lodastack } from './support/lodastack.ts'
import { startServer, type ServerOptions } from './support/spawn-server.ts'

const ROOT = ['--root-name', 'loda']

/** A node of lodastack's, and its client. */
async function startRegistry(options: ServerOptions = {}) {
  const server = await startServer({ ...options, args: [...ROOT, ...(options.args ?? [])] })
  return { server, client: new Lodastack(server.url), [Symbol.asyncDispose]: () => server.kill9() }
}

test.concurrent(
  'namespaces, agents by rule, search, move, rename, report, backup, wipe and restore',
  async () => {
    // Else machines that are wiped while they are there come back before their namespaces are gone.
    const env = { ROLLCALL_MACHINES_REGISTER: 'false' }
    await using node = await startRegistry({ env })
    const { client } = node
    await client.grow(
      ['product.loda', '1'],
      ['web.product.loda', '0', '^web-'],
      ['all.product.loda', '0', '-1$'],
      ['db.product.loda', '0', '^db-'],
    )
    const names = [...Array.from({ length: 12 }, (_, at) => `web-${at}`), 'db-1', 'stray']
    const places = await Promise.all(
      names.map((name) => client.register(name, { sn: `SN-${name}` })),
    )
    expect(places.map((found) => Object.keys(found).sort())).toEqual(
      names.map((name) => placesOf(name)),
    )
    expect(await client.machines('web.product.loda')).toHaveLength(12)
    await Promise.all(names.map((name) => client.report(name, { newiplist: ['10.0.0.1'] })))
    const agents = await client.ask<Record<string, object>>('GET', '/agents')
    expect(Object.keys(agents).sort()).toEqual([...names].sort())
    expect(agents['web-1']).toMatchObject({ ns: expect.arrayContaining(['web.product.loda']) })

    expect(Object.keys(await client.search({ k: 'hostname', v: 'web-1' })).sort()).toEqual(
      placesOf('web-1'),
    )
    const fuzzy = await client.search({ v: '^web-1[01]$', mod: 'fuzzy' })
    expect(fuzzy['web.product.loda']?.map(({ hostname }) => hostname).sort()).toEqual([
      'web-10',
      'web-11',
    ])

    const stray = places.at(-1)?.['pool.loda'] ?? ''
    const move = { from: 'pool.loda', to: 'db.product.loda', type: 'machine', resourceid: stray }
    await client.ask('PUT', '/resource/move', move)
    await client.ask('PUT', '/ns', { ns: 'product.loda', name: 'shop' })
    expect(await client.register('stray')).toEqual({ 'db.shop.loda': stray })

    const change = { update: true, oldhostname: 'web-1', sn: 'SN-web-1' }
    await client.report('web-99', { ...change, oldiplist: ['10.0.0.1'], newiplist: ['10.0.0.9'] })
    expect(await client.search({ v: 'web-1' })).toEqual({})
    const renamed = await client.search({ k: 'ip', v: '10.0.0.9' })
    expect(Object.keys(renamed).sort()).toEqual(['all.shop.loda', 'web.shop.loda'])
    const instance = await callJson(instanceUrl(node.server.url, 'infra.machine', 'web-99'))
    expect(instance).toMatchObject({ status: 'up', tags: ['lodastack'] })

    const before = await contentOf(client)
    const { bytes: backup } = await client.raw('/db/backup')
    const all = [...new Set((await client.machines('loda')).map(({ hostname }) => hostname))]
    const wipe = all.map((hostname) => ({ ns: '', type: 'machine', resourceid: hostname }))
    await client.send('DELETE', '/resource/list', wipe)
    for (const ns of ['web.shop.loda', 'all.shop.loda', 'db.shop.loda', 'shop.loda']) {
      await client.ask('DELETE', '/ns', { ns })
    }
    expect((await client.tree()).children.map(({ name }) => name)).toEqual(['pool'])

    const restored = await client.raw('/db/restore', { method: 'POST', bytes: backup })
    expect(restored.status).toBe(200)
    expect(await contentOf(client)).toEqual(before)

    await using fresh = await startRegistry({ args: ['--engine', 'memory'] })
    const elsewhere = await fresh.client.raw('/restore', { method: 'PUT', bytes: backup })
    expect(elsewhere.status).toBe(200)
    expect(await contentOf(fresh.client)).toEqual(before)
  },
  120_000,
)

test.concurrent(
  'killed while agents register, a node has all that it answered, and no machine by half',
  async () => {
    await using first = await startRegistry()
    const { client, server } = first
    const { data, http } = server
    await client.grow(['a.loda', '0', '^m'], ['b.loda', '0', '^m'], ['c.loda', '0', '^m'])
    const answered = new Map<string, object>()
    const killing = new AbortController()
    const agents = Array.from({ length: 8 }, async (_, agent) => {
      for (let at = 0; !killing.signal.aborted; at += 1) {
        const hostname = `m-${agent}-${at}`
        try {
          answered.set(hostname, await client.register(hostname))
        } catch (error) {
          if (!killing.signal.aborted) throw error
        }
      }
    })
    await until('many have registered', () => answered.size >= 100 || undefined, {
      withinMs: 60_000,
    })
    killing.abort()
    await server.kill9()
    await Promise.all(agents)

    await using second = await startRegistry({ data, http })
    const machines = await second.client.machines('loda')
    const known = new Map<string, number>()
    for (const { hostname = '' } of machines) known.set(hostname, (known.get(hostname) ?? 0) + 1)
    expect([...answered.keys()].filter((hostname) => !known.has(hostname))).toEqual([])
    expect([...known].filter(([, count]) => count !== 3)).toEqual([])
    const [[hostname, places] = ['', {}]] = answered
    expect(await second.client.register(hostname)).toEqual(places)
  },
  120_000,
)

test.concurrent(
  'a machine whose agent falls silent is dead, and online with its next report',
  async () => {
    const env = {
      ROLLCALL_MACHINES_DEAD_AFTER_MS: '2000',
      ROLLCALL_MACHINES_REPORT_TTL_MS: String(TTL_MS),
    }
    await using first = await startRegistry({ env })
    const { client, server } = first
    const { data, http } = server
    await client.register('quiet')
    await client.register('suppressed')
    await client.report('quiet')
    await client.send('PUT', '/machine/status', [
      { type: 'machine', resourceid: 'suppressed', update: { status: 'offline' } },
    ])
    const turns = async (to: string) =>
      until(
        `the machine is ${to}`,
        async () => (await client.statuses('quiet'))[0] === to || undefined,
        { withinMs: 5 * (TTL_MS + 10_000), everyMs: 250 },
      )
    await turns('dead')
    await client.report('quiet')
    await turns('online')

    await server.kill9()
    await using _second = await startRegistry({ data, http, env })
    // Longer than it takes to be dead, and shorter than the ttl that a restart grants anew.
    await sleep(4_000)
    expect(await client.statuses('quiet')).toEqual(['online'])
    expect(await client.statuses('suppressed')).toEqual(['offline'])
    await turns('dead')
    expect(await client.statuses('suppressed')).toEqual(['offline'])
  },
  240_000,
)

test.concurrent(
  'every node knows the reports that another was given',
  async () => {
    await using a = await startRegistry({ args: ['--id', 'a'] })
    await using b = await startRegistry({ args: ['--id', 'b', '--peers', a.server.http] })
    await a.client.report('to-a', { newiplist: ['10.0.0.1'], sn: '1' })
    await b.client.report('to-b', { newiplist: ['10.0.0.2'], sn: '2' })
    const agentsOf = async ({ client }: typeof a) => {
      const agents = await client.ask<Record<string, Record<string, unknown>>>('GET', '/agents')
      // Each node has a catalog of its own, in which the machines have ids of their own.
      return Object.fromEntries(
        Object.entries(agents).map(([name, { uuid: _uuid, ...report }]) => [name, report]),
      )
    }
    const isSame = async () => {
      const [ofA, ofB] = [await agentsOf(a), await agentsOf(b)]
      expect(Object.keys(ofA).sort()).toEqual(['to-a', 'to-b'])
      expect(ofB).toEqual(ofA)
      expect(ofA['to-b']).toMatchObject({ sn: '2', newiplist: ['10.0.0.2'], ns: ['pool.loda'] })
      return true
    }
    await until('both know both', isSame, { withinMs: 30_000, everyMs: 100 })
    const peers = await a.client.ask<Record<string, { role: string }>>('GET', '/peer')
    const roles = Object.values(peers).map(({ role }) => role)
    expect(roles.sort()).toEqual(['Follower', 'Leader'])
  },
  60_000,
)

function placesOf(hostname: string): string[] {
  const places = [
    ...(hostname.endsWith('-1') ? ['all.product.loda'] : []),
    ...(hostname.startsWith('db-') ? ['db.product.loda'] : []),
    ...(hostname.startsWith('web-') ? ['web.product.loda'] : []),
  ]
  return places.length > 0 ? places : ['pool.loda']
}

/** The tree, and every row with its namespace. */
async function contentOf(client: Lodastack) {
  const leaves = await client.ask<readonly string[]>('GET', '/ns', { format: 'list' })
  const rows = await Promise.all(leaves.map((ns) => client.machines(ns)))
  return { tree: await client.tree(), rows: leaves.map((ns, at) => [ns, rows[at]]) }
}
