/**
 * Driver: watchers of all keys below a prefix over server-sent events, and so many puts a second
 * that each of them sees.
 *
 * @module
 */

import { connect } from 'node:net'
import { API_BASE, type KvPutAnswer } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { KEY_DIGITS, KEY_PREFIX, keyOf, kvPath } from '../catalog/workload.ts'
import { ArrivalOrder } from './arrival-order.ts'
import { Connections } from './connections.ts'
import { input, listen, report, told } from './conversation.ts'
import { Deliveries, type DeliveryReport } from './deliveries.ts'
import { MarkScanner } from './marks.ts'
import { paced } from './paced.ts'

export interface KvWatching {
  readonly url: string
  readonly watchers: number
  readonly changes: number
  readonly perSecond: number
  readonly valueBytes: number
}

export interface KvWatchReport extends DeliveryReport {
  /** From the first put to the last delivery. */
  readonly seconds: number
  /** Events that came after one of a later revision. */
  readonly outOfOrder: number
  /** Watchers that were told to start over. */
  readonly resyncs: number
  readonly putP99Ms: number
}

/** Connected at a time, so that the queue of those that wait to be accepted never overflows. */
const AT_ONCE = 200
const LAST_WITHIN_MS = 30_000
const LOOK_EVERY_MS = 20
const RESYNC = Buffer.from('event: resync')
const KEY_MARK = { prefix: Buffer.from(`"key":"${KEY_PREFIX}`), digits: KEY_DIGITS }
const never = new AbortController().signal

const watching = input() as KvWatching
const { watchers, changes, perSecond } = watching
const { hostname, port, host } = new URL(watching.url)
const path = `${API_BASE}/watch?kv=${encodeURIComponent(KEY_PREFIX)}`
const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`
// One for all: what is read is looked at before the next socket is.
const buffer = Buffer.alloc(256 * 1_024)
const sentAtMs = new Float64Array(changes)
const revisions = new Float64Array(changes)
const tookMs = new Float64Array(changes)
const deliveries = new Deliveries(watchers, sentAtMs)
const order = new ArrivalOrder(watchers, changes)
let resyncs = 0
let lastAtMs = 0

listen()
for (let first = 0; first < watchers; first += AT_ONCE) {
  const count = Math.min(AT_ONCE, watchers - first)
  await Promise.all(Array.from({ length: count }, (_, at) => open(first + at)))
}
report('connected', {})
await told('publish')
const sinceMs = systemClock.monotonicMs()
await publish()
const deadlineMs = systemClock.monotonicMs() + LAST_WITHIN_MS
while (!deliveries.isComplete && systemClock.monotonicMs() < deadlineMs) {
  await systemClock.sleep(LOOK_EVERY_MS, never)
}
report('deliveries', {
  ...deliveries.report(),
  seconds: (lastAtMs - sinceMs) / 1_000,
  outOfOrder: order.outOfOrder(revisions),
  resyncs,
  putP99Ms: tookMs.sort()[Math.floor(changes * 0.99)] ?? Number.NaN,
} satisfies KvWatchReport)

async function publish(): Promise<void> {
  const connections = new Connections(watching.url)
  const value = 'x'.repeat(watching.valueBytes)
  await paced({ count: changes, perSecond }, async (change) => {
    sentAtMs[change] = systemClock.monotonicMs()
    const { body } = await connections.request('PUT', kvPath(keyOf(change)), value)
    revisions[change] = (JSON.parse(body.toString()) as KvPutAnswer).modRevision
    tookMs[change] = systemClock.monotonicMs() - (sentAtMs[change] ?? 0)
  })
}

/** Resolves once the watcher has what there is. */
function open(watcher: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const scanner = new MarkScanner(KEY_MARK)
    let isOpen = false
    const callback = (count: number) => {
      const atMs = systemClock.monotonicMs()
      const chunk = buffer.subarray(0, count)
      if (!isOpen) {
        isOpen = chunk.includes('event: kv-snapshot')
        if (isOpen) resolve()
        else if (!chunk.includes('HTTP/1.1 200')) reject(new Error(`No watch: ${String(chunk)}`))
      }
      if (chunk.includes(RESYNC)) resyncs += 1
      scanner.feed(chunk, (change) => {
        lastAtMs = atMs
        order.note(watcher, change)
        deliveries.note(watcher, change, atMs)
      })
      return true
    }
    const socket = connect({ host: hostname, port: Number(port), onread: { buffer, callback } })
    socket.on('connect', () => socket.write(request))
    socket.on('error', reject)
    socket.on('close', () => {
      throw new Error(`The node closed the watch of watcher ${watcher}.`)
    })
  })
}
