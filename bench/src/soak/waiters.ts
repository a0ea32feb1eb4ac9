/**
 * Those who wait: long polls and watchers, who come, stay a while and go, some without a word
 * and some without ever reading.
 *
 * @module
 */

import { connect, type Socket } from 'node:net'
import { API_BASE, HEADERS } from '@rollcall/protocol'
import { Connection } from '../drivers/connection.ts'
import { headerIn } from '../drivers/response-reader.ts'
import { pause } from './pace.ts'
import type { Churn } from './writers.ts'

const POLLERS = 100
const WATCHERS = 100

const POLLS_PER_LIFE = 10
const WAIT_MAX_S = 10
const WATCH_MAX_MS = 30_000
const BETWEEN_MAX_MS = 2_000
const SHARE_CUT = 0.1
const SHARE_NOT_READING = 0.1

/** Waits until `signal` aborts and the last of the waits is over. */
export async function wait(churn: Churn, signal: AbortSignal): Promise<void> {
  const each = (count: number, act: () => Promise<void>) =>
    Array.from({ length: count }, async () => {
      while (!signal.aborted) {
        await act()
        await pause(churn.random() * BETWEEN_MAX_MS, signal)
      }
    })
  await Promise.all([
    ...each(POLLERS, () => poll(churn, signal)),
    ...each(WATCHERS, () => watch(churn, signal)),
  ])
}

/** One poller's life: a few polls over one connection, the last perhaps cut in the middle. */
async function poll({ url, pool, random, tally }: Churn, signal: AbortSignal): Promise<void> {
  const connection = new Connection(url)
  const path = `${API_BASE}/services/${pool.anyService()}`
  const cut = random() < SHARE_CUT
  try {
    let token = headerIn((await connection.request('GET', path)).head, HEADERS.token) ?? ''
    for (let polls = 0; polls < POLLS_PER_LIFE && !signal.aborted; polls += 1) {
      const asked = `${path}?after=${encodeURIComponent(token)}&wait=${Math.ceil(random() * WAIT_MAX_S)}s`
      const answer = connection.request('GET', asked)
      if (cut && polls === POLLS_PER_LIFE - 1) {
        answer.catch(() => {}) // cut by us
        tally.count('long polls cut off')
        break
      }
      const { status, head, body } = await answer
      tally.count(status === 304 ? 'long polls without news' : 'long polls with news')
      if (status !== 200 && status !== 304) {
        tally.surprise(`GET ${asked}: ${status} ${String(body)}`)
        break
      }
      token = headerIn(head, HEADERS.token) ?? token
    }
  } catch (error) {
    tally.surprise(`a long poll of ${path}: ${String(error)}`)
  } finally {
    connection.close()
  }
}

/** One watcher's life, which we end. */
async function watch(churn: Churn, signal: AbortSignal): Promise<void> {
  const { pool, random, tally } = churn
  const service = pool.anyService()
  let lastId: string | undefined
  // It comes back once, from where it was.
  for (let visit = 0; visit < 2 && !signal.aborted; visit += 1) {
    const reads = random() >= SHARE_NOT_READING
    const path = `${API_BASE}/watch?service=${service}`
    const watcher = await openWatch(churn, { path, lastId, reads })
    tally.count(reads ? 'watches' : 'watches that read nothing')
    await pause(random() * WATCH_MAX_MS, signal)
    lastId = watcher.lastId()
    if (watcher.hasEnded()) tally.surprise(`the node ended the watch ${path}`)
    watcher.close()
  }
}

interface Watcher {
  lastId(): string | undefined
  hasEnded(): boolean
  close(): void
}

interface Watching {
  readonly path: string
  readonly lastId: string | undefined
  readonly reads: boolean
}

function openWatch({ url, tally }: Churn, watching: Watching): Promise<Watcher> {
  const { hostname, port, host } = new URL(url)
  const { path, lastId, reads } = watching
  const from = lastId === undefined ? '' : `Last-Event-ID: ${lastId}\r\n`
  const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n${from}\r\n`
  let id: string | undefined
  let hasEnded = false
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: hostname, port: Number(port) })
    const watcher: Watcher = {
      lastId: () => id,
      hasEnded: () => hasEnded,
      close: () => {
        socket.destroy()
      },
    }
    socket.once('connect', () => socket.write(request))
    socket.once('data', (head) => {
      const text = head.toString('latin1')
      if (!text.startsWith('HTTP/1.1 200')) tally.surprise(`GET ${path}: ${text}`)
      if (!reads) socket.pause()
      resolve(watcher)
    })
    socket.on('data', (chunk) => {
      id = /(?:^|\n)id: (.+)\n(?![^]*\nid: )/.exec(chunk.toString('latin1'))?.[1] ?? id
    })
    socket.on('error', (error) => {
      tally.surprise(`the watch ${path}: ${error.message}`)
    })
    socket.once('close', () => {
      hasEnded = true
      resolve(watcher)
    })
  })
}
