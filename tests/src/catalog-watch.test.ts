/**
 * Watchers of keys that hang up at random moments and come back, to a node that dies meanwhile:
 * what they made of what they were told is what happened.
 *
 * @module
 */

import { API_BASE, type KvSnapshotEvent } from '@rollcall/protocol'
import { seededRandom, systemClock, systemRandom } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { base64, CatalogClient, done, textOf } from './support/catalog-client.ts'
import { History } from './support/catalog-watch/history.ts'
import { Watcher } from './support/catalog-watch/watcher.ts'
import { FAMILIES, Writer } from './support/catalog-watch/writer.ts'
import { startServer, type Server } from './support/spawn-server.ts'
import { EventStream } from './support/sse.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const SEED = Number(process.env['SEED'] ?? Math.floor(systemRandom() * 2 ** 31))
const WRITERS = 8
const WRITTEN_PER_ROUND = 600
const LATER_MAX_MS = 300
/** How the node ends each round. The last one goes on. */
const ENDS = ['SIGKILL', 'SIGTERM', 'SIGKILL', undefined] as const
const WATCHED: readonly (readonly string[])[] = [
  [''],
  ['a/'],
  ['b/', 'c/'],
  [...FAMILIES],
  ['a/w-1', 'a/w-2', 'nothing/'],
  ['c/w-3/'],
]
/** What a node remembers for those who come back. */
const REMEMBERED_BYTES = 64 * 1_024 * 1_024
const VALUE_BYTES = 1_024 * 1_024

test(`watchers see each revision once, in order and whole (SEED=${SEED})`, async () => {
  const random = seededRandom(SEED)
  const children = () => seededRandom(Math.floor(random() * 2 ** 32))
  const history = new History()
  const writers = Array.from({ length: WRITERS }, (_, at) => {
    return new Writer({ name: `w-${at}`, history, random: children() })
  })
  const watchers = WATCHED.map((prefixes) => new Watcher({ prefixes, random: children() }))
  await using folder = await temporaryFolder()
  const data = folder.path
  let http: string | undefined
  const watching = new AbortController()
  const watched: Promise<void>[] = []
  for (const end of ENDS) {
    await using server = await startServer({ data, ...(http && { http }) })
    http = server.http
    if (watched.length === 0) {
      for (const watcher of watchers) watched.push(watcher.run(server.url, watching.signal))
    }
    await using client = new CatalogClient(server.url)
    for (const writer of writers) await writer.lookBack(client)
    await writeFor(writers, { client, server, end, laterMs: random() * LATER_MAX_MS })
    if (end === undefined) await expectTruth(watchers, { history, client })
  }
  watching.abort()
  await Promise.all(watched)
  for (const watcher of watchers) {
    const { prefixes } = watcher
    const which = { prefixes, seed: SEED }
    expect({ ...which, problems: watcher.judge(history) }).toEqual({ ...which, problems: [] })
    expect(watcher.hangUps).toBeGreaterThan(ENDS.length - 1)
  }
  expect(watchers.flatMap(({ resyncs }) => resyncs)).toContain('compacted')
}, 120_000)

test('whoever comes back too late for what is remembered is told to start over', async () => {
  await using server = await startServer()
  await using client = new CatalogClient(server.url)
  done(await client.put('big/0', 'small'))
  const url = `${server.url}${API_BASE}/watch?kv=big/`
  const lastId = await idOfSnapshot(url)
  done(await client.put('big/gone', 'soon'))
  await using early = await EventStream.open(url, { 'last-event-id': lastId })
  const missed = await early.next('what was missed', ({ event }) => event === 'kv')
  expect(missed.data).toMatchObject({ puts: [{ key: 'big/gone' }] })

  done(await client.delete('big/gone'))
  const value = Buffer.alloc(VALUE_BYTES, 'x')
  for (let count = 0; count <= REMEMBERED_BYTES / VALUE_BYTES; count += 1) {
    done(await client.put(`big/${count % 2}`, value))
  }
  await using late = await EventStream.open(url, { 'last-event-id': lastId })
  const resync = await late.next('to start over', ({ event }) => event === 'resync')
  expect(resync.data).toMatchObject({ reason: 'compacted' })
  const pages = () =>
    late.events.flatMap(({ event, data }) =>
      event === 'kv-snapshot' ? [data as KvSnapshotEvent] : [],
    )
  await late.next('all', ({ data }) => (data as Partial<KvSnapshotEvent>).more === false)
  expect(late.events[0]).toBe(resync)
  const entries = pages().flatMap(({ entries }) => entries)
  expect(entries.map(({ key }) => key)).toEqual(['big/0', 'big/1'])
  for (const { valueBase64 } of entries) expect(textOf(valueBase64)).toHaveLength(VALUE_BYTES)
  const last = done(
    await client.txn({ then: [{ put: { key: 'big/2', valueBase64: base64('') } }] }),
  )
  const change = await late.next('the change after it', ({ event }) => event === 'kv')
  expect(change.data).toMatchObject({ revision: last.revision, puts: [{ key: 'big/2' }] })
}, 60_000)

/** Watches until everything was told, and answers where to go on. */
async function idOfSnapshot(url: string): Promise<string> {
  await using stream = await EventStream.open(url)
  const { id } = await stream.next('all', ({ event }) => event === 'kv-snapshot')
  if (id === undefined) throw new Error('A snapshot of one page has an id.')
  return id
}

interface Round {
  readonly client: CatalogClient
  readonly server: Server
  readonly end: 'SIGKILL' | 'SIGTERM' | undefined
  readonly laterMs: number
}

/** Lets the writers write for a while and ends the node in the middle of it. */
async function writeFor(writers: readonly Writer[], round: Round): Promise<void> {
  const { client, server, end, laterMs } = round
  const stopping = new AbortController()
  const written = () => writers.reduce((sum, writer) => sum + writer.written, 0)
  const goal = written() + WRITTEN_PER_ROUND
  const ended = Promise.all(writers.map((writer) => writer.run(client, stopping.signal)))
  const enough = () => written() >= goal || undefined
  await until('enough is written', enough, { withinMs: 60_000, everyMs: 1 })
  // The moment is the fault that is injected; nothing waits for it.
  await systemClock.sleep(laterMs, new AbortController().signal)
  if (end === 'SIGKILL') await server.kill9()
  else stopping.abort()
  await ended
  if (end === 'SIGTERM') expect((await server.stop()).code).toBe(0)
}

interface Truth {
  readonly history: History
  readonly client: CatalogClient
}

/** Waits until the copy of each watcher is what the node holds, and what was written. */
async function expectTruth(watchers: readonly Watcher[], { history, client }: Truth) {
  for (const { prefixes, content } of watchers) {
    const written = sorted(history.content(prefixes))
    const lists = await Promise.all(prefixes.map((prefix) => client.list(prefix)))
    const held = lists.flat().map(({ key, valueBase64 }) => `${key}=${textOf(valueBase64)}`)
    expect({ prefixes, held: held.sort() }).toEqual({ prefixes, held: written })
    const isTrue = () => sorted(content).join('\n') === written.join('\n') || undefined
    await until(`the copy of ${prefixes.join()} is true`, isTrue, { withinMs: 10_000 })
  }
}

function sorted(content: ReadonlyMap<string, string>): readonly string[] {
  return [...content].map(([key, value]) => `${key}=${value}`).sort()
}
