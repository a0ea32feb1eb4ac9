/**
 * What the article that began it all promises of three nodes with one list: they start one
 * after the other, each with what the others know; whatever is written anywhere is everywhere;
 * who stops is gone at once, who dies is gone soon.
 *
 * @module
 */

import { API_BASE, type Explanation } from '@rollcall/protocol'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { clusterOf } from './support/cluster-status.ts'
import { complaintsIn } from './support/complaints.ts'
import { registerAt } from './support/fleet.ts'
import { freePort } from './support/free-port.ts'
import { call, callJson, TTL_MS } from './support/http.ts'
import { startServer, type Server } from './support/spawn-server.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { idsAt, untilAllShow, Witness } from './support/witness.ts'

/** Changes are there in milliseconds. */
const SOON = { withinMs: 10_000 }

/** A node is given up after five seconds of silence, and what it says of itself a ttl later. */
const EXPIRED = { withinMs: 5 * (5_000 + TTL_MS) }

const NODES = ['n1', 'n2', 'n3'] as const
type Name = (typeof NODES)[number]

/** What starts each of three nodes, all with the same list. Disposing kills them. */
async function setUp() {
  const folder = await temporaryFolder()
  const places = new Map<Name, string>()
  for (const name of NODES) places.set(name, `127.0.0.1:${await freePort()}`)
  const peers = [...places.values()].join(',')
  const running = new Map<Name, Server>()
  const start = async (name: Name) => {
    const server = await startServer({
      http: places.get(name) ?? '',
      data: `${folder.path}/${name}`,
      args: ['--id', name, '--peers', peers],
      env: { ROLLCALL_LIMITS_DEFAULT_TTL_MS: String(TTL_MS) },
    })
    running.set(name, server)
    return server
  }
  const dispose = async () => {
    for (const server of running.values()) await server[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  }
  const urlOf = (name: Name) => `http://${places.get(name) ?? ''}`
  return { start, urlOf, [Symbol.asyncDispose]: dispose }
}

test.concurrent(
  'three nodes of one list start one by one, and what is written on any is on all',
  async () => {
    await using site = await setUp()
    const first = await site.start('n1')
    expect((await clusterOf(first.url)).instances).toMatchObject({ ready: true, alive: 1 })
    expect(await nodesOf(first.url)).toEqual([addressOf(first)])
    await registerAt(first.url, { service: 'shop', ids: ['by-native'] }, { ttlMs: 3_600_000 })

    // Asks from before they run: the first answer of any must have it.
    await using witness = new Witness({
      urls: NODES.map(site.urlOf),
      service: 'shop',
      expected: ['by-native'],
    })
    const second = await site.start('n2')
    expect(await idsAt(second.url, 'shop')).toEqual(new Set(['by-native']))
    await untilNodes([first, second])
    const bilibili = 'register?zone=default&env=default&appid=shop&hostname=by-bilibili&status=1'
    await call(`${second.url}/discovery/${bilibili}&addrs=http%3A%2F%2F1.1.1.1%3A80`, {
      method: 'POST',
    })
    await untilAllShow([first.url, second.url], {
      service: 'shop',
      ids: ['by-native', 'by-bilibili'],
      ...SOON,
    })
    witness.expected.add('by-bilibili')

    const third = await site.start('n3')
    const all = [first, second, third]
    expect(await idsAt(third.url, 'shop')).toEqual(new Set(['by-native', 'by-bilibili']))
    await untilNodes(all)
    const article = { env: 'default', appid: 'shop', hostname: 'by-article', version: '1' }
    await callJson(`${third.url}/api/register`, {
      method: 'POST',
      body: { ...article, addrs: ['http://1.1.1.1:80'], status: 1 },
    })
    const ids = ['by-native', 'by-bilibili', 'by-article']
    const urls = all.map(({ url }) => url)
    await untilAllShow(urls, { service: 'shop', ids, ...SOON })
    expect(witness.lapses).toEqual([])
    await Promise.all(urls.map((url) => expectMembers(url, 3)))
    for (const server of all) expect(complaintsIn(server.stderr)).toEqual([])
  },
  120_000,
)

test.concurrent(
  'a node that is stopped is gone from the others at once, whatever the signal, and one that is killed soon',
  async () => {
    await using site = await setUp()
    const [first, second] = await Promise.all([site.start('n1'), site.start('n2')])
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
      const third = await site.start('n3')
      await untilNodes([first, second, third])
      expect([signal, await third.stop(signal)]).toMatchObject([signal, { code: 0, signal: null }])
      await untilNodes([first, second])
      for (const { url } of [first, second]) {
        expect([signal, (await explainNode(url, 'n3')).verdict]).toEqual([signal, 'cancelled'])
      }
    }

    const third = await site.start('n3')
    await untilNodes([first, second, third])
    await third.kill9()
    expect(await nodesOf(first.url)).toHaveLength(3)
    await until('the killed node is gone', () => isGone([first, second], third), EXPIRED)
    expect((await explainNode(first.url, 'n3')).verdict).toBe('hidden')
  },
  180_000,
)

async function isGone(from: readonly Server[], who: Server): Promise<true | undefined> {
  const lists = await Promise.all(from.map(({ url }) => nodesOf(url)))
  return lists.every((list) => !list.includes(addressOf(who))) || undefined
}

/** Waits until each of these lists exactly these. */
async function untilNodes(servers: readonly Server[]): Promise<void> {
  const wanted = servers.map(addressOf).toSorted().join(' ')
  for (const { url } of servers) {
    const lists = async () => (await nodesOf(url)).toSorted().join(' ') === wanted || undefined
    await until(`${url} lists ${wanted}`, lists, SOON)
  }
}

/** The nodes as clients of bilibili's discovery are told them. */
async function nodesOf(url: string): Promise<readonly string[]> {
  const { data } = await callJson<{ data: readonly { addr: string }[] }>(`${url}/discovery/nodes`)
  return data.map(({ addr }) => addr)
}

function addressOf({ url }: Server): string {
  return new URL(url).host
}

async function expectMembers(url: string, count: number): Promise<void> {
  const { instances } = await clusterOf(url)
  expect(instances).toMatchObject({ ready: true, members: count, alive: count, minority: false })
}

function explainNode(url: string, id: string): Promise<Explanation> {
  return callJson<Explanation>(`${url}${API_BASE}/explain?service=infra.discovery&id=${id}`)
}
