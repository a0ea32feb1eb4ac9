/**
 * Those who read and go: services, filters, lists, explanations; and those whose requests are
 * wrong.
 *
 * @module
 */

import { connect } from 'node:net'
import { API_BASE } from '@rollcall/protocol'
import { Asker } from './asking.ts'
import { steadily } from './pace.ts'
import { explainPath, type Churn } from './writers.ts'

/** A second. */
const RATES = { read: 60, filter: 20, list: 2, explain: 5, wrong: 10, garbage: 5 }
const ANSWERED_WITHIN_MS = 20_000

/** Reads until `signal` aborts. */
export async function read(churn: Churn, signal: AbortSignal): Promise<void> {
  const { pool, random } = churn
  const service = () => `${API_BASE}/services/${pool.anyService()}`
  const filter = () => `${service()}?metadata.shard=${Math.floor(random() * 8)}`
  const anybody = () => Math.floor(random() * pool.steady)
  await Promise.all([
    asking(churn, signal, { name: 'reads', perSecond: RATES.read, path: service }),
    asking(churn, signal, { name: 'filtered reads', perSecond: RATES.filter, path: filter }),
    asking(churn, signal, {
      name: 'lists',
      perSecond: RATES.list,
      path: () => `${API_BASE}/services?limit=1000`,
    }),
    asking(churn, signal, {
      name: 'explanations',
      perSecond: RATES.explain,
      path: () => explainPath(churn, anybody()),
    }),
    askWrongly(churn, signal),
    steadily(RATES.garbage, signal, () => sendGarbage(churn)),
  ])
}

interface Asking {
  readonly name: string
  readonly perSecond: number
  readonly path: () => string
}

async function asking(
  { url, tally }: Churn,
  signal: AbortSignal,
  { name, perSecond, path }: Asking,
): Promise<void> {
  const asker = new Asker(url, tally)
  await steadily(perSecond, signal, () =>
    asker.ask({ name, expects: (status) => status === 200, request: ['GET', path()] }),
  )
  asker.close()
}

/** Well-formed requests that are refused. Names are never the same twice: nothing may be kept of them. */
async function askWrongly(churn: Churn, signal: AbortSignal): Promise<void> {
  const { url, random, tally } = churn
  const asker = new Asker(url, tally)
  const requests = wrongRequests(() => `n${Math.floor(random() * 1e9)}`)
  await steadily(RATES.wrong, signal, async () => {
    const request = requests[Math.floor(random() * requests.length)]?.()
    if (request) await asker.ask({ name: 'wrong requests', expects: isRefusal, request })
  })
  asker.close()
}

function isRefusal(status: number): boolean {
  return status >= 400 && status < 500
}

type Request = readonly [method: string, path: string, json?: string]

function wrongRequests(name: () => string): readonly (() => Request)[] {
  const instance = () => `${API_BASE}/services/soak-0/instances/${name()}`
  return [
    () => ['GET', `/${name()}`],
    () => ['GET', `${API_BASE}/services/${name()}`],
    () => ['POST', `${instance()}/heartbeat`],
    () => ['DELETE', instance()],
    () => ['PUT', instance(), '{"addresses":['],
    () => ['PUT', instance(), `{"addresses":["http://10.0.0.1:1"],"${name()}":1}`],
    () => ['PUT', instance(), '{"addresses":["http://10.0.0.1:1"],"ttlMs":1}'],
    () => ['PATCH', instance(), '{"weight":2}'],
    () => ['GET', `${API_BASE}/services/soak-0?after=${name()}`],
    () => ['GET', `${API_BASE}/watch?service=`],
  ]
}

const GARBAGE = [
  'hello\r\n\r\n',
  'GET / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001',
  `PUT ${API_BASE}/services/soak-0/instances/x HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{`,
  '',
] as const

/** Half of them go without waiting for what comes back. */
async function sendGarbage({ url, random, tally }: Churn): Promise<void> {
  const { hostname, port } = new URL(url)
  const bytes = GARBAGE[Math.floor(random() * GARBAGE.length)] ?? ''
  const waits = bytes !== '' && !bytes.startsWith('PUT') && random() < 0.5
  await new Promise<void>((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) })
    socket.once('connect', () => {
      socket.write(bytes, () => {
        if (!waits) socket.destroy()
      })
    })
    socket.setTimeout(ANSWERED_WITHIN_MS, () => {
      tally.surprise(`garbage was not answered: ${JSON.stringify(bytes)}`)
      socket.destroy()
    })
    // That a server resets such a connection is its right.
    socket.on('error', () => {})
    socket.resume()
    socket.once('close', () => {
      tally.count('garbage')
      resolve()
    })
  })
}
