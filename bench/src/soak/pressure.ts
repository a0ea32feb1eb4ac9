/**
 * The long form of the pressure tests: 50,000 long polls wait at once, are answered by one
 * change, wait again, and vanish without a word. Meanwhile a plain client wants its answers.
 *
 * @module
 */

import { API_BASE, HEADERS, LIMITS } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { Connection, mustSucceed } from '../drivers/connection.ts'
import { headerIn } from '../drivers/response-reader.ts'
import { settledMemory } from '../suite/settled-memory.ts'
import { startOurNode, type OurNode } from '../tools/our-node.ts'
import { quantile } from '../tools/quantile.ts'
import type { Options } from './options.ts'
import { pause } from './pace.ts'
import { connectionsFor, PollCrowd } from './poll-crowd.ts'
import { takeSample } from './sampling.ts'

const CORE = 0
const MIB = 2 ** 20
const SERVICE = `${API_BASE}/services/pressure`
const WITHIN_MS = 120_000
const LOOK_EVERY_MS = 100
/** What a node keeps of so much work: compiled code and caches. */
const MORE_MIB = 10
const FDS_NOISE = 5
/** Five times what a plain client waits while all 50,000 are answered on one busy core. */
const SLOWEST_MS = 20_000
const WATCHERS_MAX = 50_000
const never = new AbortController().signal

type Note = (line: string) => void

/** Runs it, and answers whether all is well. */
export async function soakPressure({ polls }: Options, note: Note): Promise<boolean> {
  await using node = await startOurNode({ core: CORE })
  const connections = connectionsFor(polls)
  const client = new Connection(node.url)
  await change(client, 0)
  const before = { ...(await settledMemory(node)), fds: (await takeSample(node, 0)).openFds }
  const stopping = new AbortController()
  const bystander = servedMeanwhile(node.url, stopping.signal)

  const checks: boolean[] = []
  const check = (passed: boolean, text: string) => {
    note(`${passed ? 'well ' : 'WRONG'}  ${text}`)
    checks.push(passed)
  }
  using crowd = new PollCrowd(node.url)
  const openMs = await timed(() => waitAll(node, { crowd, client, polls, connections }))
  const { heap, external } = await settledMemory(node)
  const each = (heap + external - before.heap - before.external) / polls
  note(
    `${polls} long polls over ${connections} connections in ${text(openMs)}, ${Math.round(each)} bytes each`,
  )
  if (polls >= WATCHERS_MAX) {
    const { status, body } = await client.request('GET', await pollPath(client))
    const named = status === 429 && String(body).includes('"too_many_watchers"')
    check(
      named,
      `one more is answered with ${status} ${named ? 'too_many_watchers' : String(body)}`,
    )
  }

  const answerMs = await timed(async () => {
    await change(client, 1)
    await until(() => crowd.answered(200) >= polls)
  })
  check(crowd.answered(200) === polls, `${crowd.answered(200)} were answered in ${text(answerMs)}`)
  check(crowd.lost === 0, `${crowd.lost} connections were lost`)
  crowd[Symbol.dispose]()
  // Until the node has let go of these, there may be no files for the next.
  const isReleased = async () => (await takeSample(node, 0)).openFds <= before.fds + FDS_NOISE
  const closeMs = await timed(() => until(isReleased))
  note(`their connections were closed in ${text(closeMs)}`)

  using gone = new PollCrowd(node.url)
  await waitAll(node, { crowd: gone, client, polls, connections })
  gone[Symbol.dispose]()
  const releaseMs = await timed(() => untilPolls(node, 0))
  const left = await settledMemory(node)
  const { openFds } = await takeSample(node, 0)
  const moreMib = (left.heap + left.external - before.heap - before.external) / MIB
  check(
    openFds <= before.fds + FDS_NOISE,
    `vanished, they were forgotten in ${text(releaseMs)}; open files: ${before.fds} before, ${openFds} after`,
  )
  check(
    moreMib <= MORE_MIB,
    `memory: ${moreMib.toFixed(1)} MiB more than before (at most ${MORE_MIB})`,
  )

  stopping.abort()
  const tookMs = Float64Array.from(await bystander).sort()
  const [median, slowest] = [quantile(tookMs, 0.5), quantile(tookMs, 1)]
  check(
    slowest <= SLOWEST_MS,
    `a plain client got ${tookMs.length} answers, half of them within ${text(median)}, the slowest after ${text(slowest)}`,
  )
  client.close()
  return checks.every((passed) => passed)
}

interface Waiting {
  readonly crowd: PollCrowd
  readonly client: Connection
  readonly polls: number
  readonly connections: number
}

async function waitAll(
  node: OurNode,
  { crowd, client, polls, connections }: Waiting,
): Promise<void> {
  await crowd.open(await pollPath(client), polls, connections)
  await untilPolls(node, polls)
}

async function pollPath(client: Connection): Promise<string> {
  const { head } = await mustSucceed(client, 'GET', SERVICE)
  const token = headerIn(head, HEADERS.token)
  if (token === undefined) throw new Error(`An answer without a token:\n${head}`)
  return `${SERVICE}?after=${encodeURIComponent(token)}&wait=${LIMITS.waitMaxMs}`
}

async function change(client: Connection, weight: number): Promise<void> {
  const body = { addresses: ['http://10.0.0.1:8080'], weight, ttlMs: LIMITS.ttlMaxMs }
  await mustSucceed(client, 'PUT', `${SERVICE}/instances/one`, JSON.stringify(body))
}

/** Registers and reads until `signal` aborts, and answers how long each answer took. */
async function servedMeanwhile(url: string, signal: AbortSignal): Promise<readonly number[]> {
  const tookMs: number[] = []
  const path = `${API_BASE}/services/bystanders`
  const body = JSON.stringify({ addresses: ['http://10.0.0.1:8080'], ttlMs: LIMITS.ttlMaxMs })
  while (await systemClock.sleep(LOOK_EVERY_MS, signal)) {
    const connection = new Connection(url)
    tookMs.push(await timed(() => mustSucceed(connection, 'PUT', `${path}/instances/one`, body)))
    tookMs.push(await timed(() => mustSucceed(connection, 'GET', path)))
    connection.close()
  }
  return tookMs
}

async function untilPolls(node: OurNode, count: number): Promise<void> {
  await until(async () => (await node.sample('rollcall_long_polls')) === count)
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + WITHIN_MS
  while (!(await isSo()) && systemClock.monotonicMs() < deadlineMs)
    await pause(LOOK_EVERY_MS, never)
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const sinceMs = systemClock.monotonicMs()
  await act()
  return systemClock.monotonicMs() - sinceMs
}

function text(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
