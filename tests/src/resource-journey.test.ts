/**
 * What a user does with namespaces and resources, over plain HTTP and by the command.
 *
 * @module
 */

import {
  API_BASE,
  type Namespace,
  type NamespaceTree,
  type NsEvent,
  type NsSnapshotEvent,
  type Resource,
  type ResourceList,
  type SearchAnswer,
  type TransferAnswer,
} from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { complaintsIn } from './support/complaints.ts'
import { call, callJson } from './support/http.ts'
import { runCli, runCliJson, startCli } from './support/run-cli.ts'
import { startServer, type Server } from './support/spawn-server.ts'
import { EventStream, type SseEvent } from './support/sse.ts'
import { TcpProxy } from './support/tcp-proxy.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

/** Short forms of what a client says to one node. */
function talkTo({ url }: Pick<Server, 'url'>) {
  const at = (path: string) => `${url}${API_BASE}${path}`
  const write = <T>(method: 'POST' | 'PUT' | 'PATCH', path: string, body: unknown) =>
    callJson<T>(at(path), { method, body })
  return {
    at,
    env: { ROLLCALL_SERVER: url },
    read: <T>(path: string) => callJson<T>(at(path)),
    create: (parent: string, name: string, kind: 'leaf' | 'inner') =>
      write<Namespace>('POST', `/namespaces${parent}`, { name, kind }),
    change: (path: string, patch: object) =>
      write<Namespace>('PATCH', `/namespaces/${path}`, patch),
    add: (ns: string, hostname: string, more: object = {}) =>
      write<Resource>('POST', `/resources/machine?ns=${ns}`, {
        id: hostname,
        properties: { hostname, ...more },
      }),
    merge: (id: string, properties: object) =>
      write<Resource>('PATCH', `/resources/machine/${id}`, { properties }),
    move: (from: string, to: string, ids: readonly string[]) =>
      write<TransferAnswer>('POST', '/resources/machine/move', { from, to, ids }),
    search: (query: string) => callJson<SearchAnswer>(at(`/search?${query}`)),
    watch: (path: string, id?: string) =>
      EventStream.open(at(`/watch?ns=${path}`), id === undefined ? {} : { 'last-event-id': id }),
    /** Everything that is there. */
    everything: async () => {
      const tree = await callJson<NamespaceTree>(at('/namespaces?depth=9'))
      const { resources } = await callJson<ResourceList>(at('/resources/machine?limit=1000'))
      return { tree, resources }
    },
  }
}

const idsOf = ({ hits }: SearchAnswer) => hits.map(({ id }) => id).sort()

test.concurrent(
  'namespaces are made, filled, searched, moved and renamed, by HTTP and by the command',
  async () => {
    await using server = await startServer()
    const t = talkTo(server)
    const cli = (...argv: string[]) => runCli(argv, t.env)

    await t.create('', 'shop', 'inner')
    expect((await cli('ns', 'create', 'shop/db', '--comment', 'databases')).code).toBe(0)
    await t.create('/shop', 'web', 'leaf')
    await t.add('shop/db', 'db-1', { os: 'linux' })
    const added = await cli(
      'resource',
      'add',
      'machine',
      'hostname=db-2',
      'os=bsd',
      '--ns',
      'shop/db',
      '--id',
      'db-2',
    )
    expect(added).toMatchObject({ code: 0, stdout: 'db-2' })
    await t.add('shop/web', 'web-1', { os: 'linux' })
    expect((await cli('resource', 'add', 'machine', 'hostname=db-1', '--ns', 'shop/db')).code).toBe(
      1,
    )

    expect(idsOf(await t.search('key=os&value=linux&ns=shop'))).toEqual(['db-1', 'web-1'])
    expect(idsOf(await t.search('q=db&mode=prefix'))).toEqual(['db-1', 'db-2'])
    expect(idsOf(await t.search('q=b-1&mode=contains'))).toEqual(['db-1', 'web-1'])
    expect(idsOf(await t.search(`q=${encodeURIComponent('^(db|web)-1$')}&mode=regex`))).toEqual([
      'db-1',
      'web-1',
    ])
    expect(idsOf(await t.search('q=db'))).toEqual([])
    const found = await runCliJson<{ hits: Resource[] }>(['search', 'bsd', '--ns', 'shop'], t.env)
    expect(found.hits).toMatchObject([{ id: 'db-2', ns: 'shop/db', matched: ['os'] }])
    expect((await cli('search', 'a(', '--mode', 'regex')).code).toBe(2)

    expect((await t.move('shop/db', 'shop/web', ['db-2'])).resources).toMatchObject([
      { id: 'db-2', ns: 'shop/web' },
    ])
    const before = await t.everything()
    expect((await cli('ns', 'move', 'shop', 'store')).stdout).toMatch(/^Moved shop to store at /)
    expect((await call(t.at('/namespaces/shop'))).status).toBe(404)
    const after = await t.everything()
    const renamed = before.resources.map((row) => ({ ...row, ns: row.ns.replace('shop', 'store') }))
    expect(after.resources).toEqual(renamed)
    expect(idsOf(await t.search('q=linux&ns=store/web'))).toEqual(['web-1'])
    expect((await cli('resource', 'list', 'machine', '--ns', 'store/web')).stdout).toMatch(
      /^db-2 +store\/web +\d+ +hostname=db-2 os=bsd$/m,
    )
    expect((await cli('ns', 'delete', 'store/db')).code).toBe(1)
    expect((await cli('resource', 'delete', 'machine', 'db-1')).code).toBe(0)
    expect((await cli('ns', 'delete', 'store/db')).code).toBe(0)
    expect((await cli('ns', 'get', 'store/db')).code).toBe(3)
    expect(complaintsIn(server.stderr)).toEqual([])
  },
  120_000,
)

/** What a watcher was told, in order, and each change by what it says. */
function toldBy(streams: readonly EventStream[]): string[] {
  return streams.flatMap(({ events }) => events.flatMap(textOf))
}

function textOf({ event, data }: SseEvent): string[] {
  if (event !== 'ns') return []
  const change = data as NsEvent
  if (change.kind === 'moved') return [`${change.path} > ${change.namespace.path}`]
  if ('namespace' in change || change.kind === 'deleted') return [`${change.kind} ${change.path}`]
  return [
    ...change.upserted.map(({ id, ns }) => `+ ${ns} ${id}`),
    ...change.removed.map((id) => `- ${change.path} ${id}`),
  ]
}

test.concurrent(
  'a watch of a namespace tells each change once, also across a reconnect',
  async () => {
    await using server = await startServer()
    const t = talkTo(server)
    await t.create('', 'shop', 'inner')
    await t.create('/shop', 'db', 'leaf')
    await using first = await t.watch('shop')
    const page = await first.next('what is there', ({ event }) => event === 'ns-snapshot')
    const { namespaces } = page.data as NsSnapshotEvent
    expect(namespaces.map(({ path }) => path)).toEqual(['shop', 'shop/db'])

    await t.add('shop/db', 'a')
    await t.create('', 'elsewhere', 'leaf')
    await first.next('the machine', (event) => textOf(event).includes('+ shop/db a'))
    const { id } = first.events.findLast((event) => event.id !== undefined) ?? {}
    await first[Symbol.asyncDispose]()

    await t.add('shop/db', 'b')
    await t.merge('a', { os: 'linux' })
    await using second = await t.watch('shop', id)
    await t.change('shop/db', { name: 'data' })
    await t.move('shop/data', 'elsewhere', ['b'])
    await second.next('the move', (event) => textOf(event).includes('- shop/data b'))
    expect(second.events.some(({ event }) => event === 'ns-snapshot')).toBe(false)
    expect(toldBy([first, second])).toEqual([
      '+ shop/db a',
      '+ shop/db b',
      '+ shop/db a',
      'shop/db > shop/data',
      '- shop/data b',
    ])
  },
  60_000,
)

test.concurrent(
  'the watch of the command goes on where a lost connection broke',
  async () => {
    await using server = await startServer()
    await using cable = await TcpProxy.open(server.http)
    const t = talkTo(server)
    await t.create('', 'shop', 'leaf')
    const env = { ROLLCALL_SERVER: `http://${cable.address}` }
    await using watch = startCli(['ns', 'watch', 'shop'], env)
    await watch.line('that it has begun', (line) => line.startsWith('* all at') || undefined)
    await t.add('shop', 'a')
    await watch.line('the first', (line) => line.startsWith('+ shop machine a') || undefined)
    cable.breakAll()
    await t.add('shop', 'b')
    await t.add('shop', 'c')
    await watch.line('the last', (line) => line.startsWith('+ shop machine c') || undefined)
    const added = watch.stdout.filter((line) => line.startsWith('+ '))
    expect(added).toEqual(['a', 'b', 'c'].map((id) => `+ shop machine ${id} hostname=${id}`))
    expect(watch.stdout.filter((line) => line.startsWith('* '))).toHaveLength(1)
  },
  60_000,
)

test.concurrent(
  'after kill -9 everything is there, and who watched learns of it',
  async () => {
    await using folder = await temporaryFolder()
    const data = folder.path
    const server = await startServer({ data })
    const { http } = server
    const before = talkTo(server)
    await before.create('', 'shop', 'inner')
    await before.create('/shop', 'db', 'leaf')
    await before.add('shop/db', 'db-1', { os: 'linux' })
    await using watch = await before.watch('')
    const { id } = await watch.next('what is there', ({ event }) => event === 'ns-snapshot')
    const ops = Array.from({ length: 500 }, (_, at) => ({
      add: { ns: 'shop/db', properties: { hostname: `host-${at}` } },
    }))
    await callJson(before.at('/resources/machine/batch'), { method: 'POST', body: { ops } })
    await before.change('shop', { name: 'store' })
    const known = await before.everything()
    await server.kill9()

    await using again = await startServer({ data, http })
    const after = talkTo(again)
    expect(await after.everything()).toEqual(known)
    expect(known.resources).toHaveLength(501)
    expect(idsOf(await after.search('q=linux&ns=store'))).toEqual(['db-1'])
    await using back = await after.watch('', id)
    const resync = await back.next('that it starts over', ({ event }) => event === 'resync')
    expect(resync.data).toEqual({ reason: 'compacted' })
    const last = await back.next(
      'all there is',
      ({ event, data: page }) => event === 'ns-snapshot' && !(page as NsSnapshotEvent).more,
    )
    expect(last.id).toBeDefined()
    const pages = back.events.filter(({ event }) => event === 'ns-snapshot')
    const rows = pages.flatMap(({ data: page }) => (page as NsSnapshotEvent).resources)
    expect(rows).toHaveLength(501)
    expect(complaintsIn(again.stderr)).toEqual([])
  },
  120_000,
)
