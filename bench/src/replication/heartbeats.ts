/**
 * What renewals cost between nodes: where the instance is at home, elsewhere, and behind a
 * balancer that sends each anywhere.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { fillNode } from '../instances/fill-node.ts'
import { DRIVER_CORE, type Bench, type Row, type Scenario } from '../suite/scenario.ts'
import type { RenewedReport } from '../drivers/heartbeats.ts'
import { Driver } from '../tools/driver.ts'
import { beyond, countTraffic, type Traffic } from './traffic.ts'
import { startTrio, untilAllShow, type Trio } from './trio.ts'

const WORKLOAD = { prefix: 'bench', services: 1_000, ttlMs: 90_000 }
const PER_SECOND = 1_000
/** Each renews every thirty seconds, as the rate asks for. */
const INSTANCES = 30_000
const FULL = { seconds: 30, idleSeconds: 30 }
const QUICK = { seconds: 6, idleSeconds: 6 }
/** The two looks at an idle cluster are not made at the same moment of its second. */
const NOISE = 1
const RENEWED_AFTER_MS = 60_000
const never = new AbortController().signal

export const heartbeats: Scenario = {
  name: 'heartbeats',
  about: `three nodes, ${INSTANCES} instances of the first, ${PER_SECOND} renewals a second at one or all`,
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  const { seconds, idleSeconds } = bench.quick ? QUICK : FULL
  await using trio = await startTrio({ isCounted: true })
  const [a, b, c] = trio.nodes
  await fillNode(a, WORKLOAD, INSTANCES)
  await untilAllShow(trio.nodes, INSTANCES)
  const idle = await idleTraffic(trio, idleSeconds)
  const rows = [idleRow(idle)]
  const ways = [
    { where: 'at home', urls: [a.url] },
    { where: 'elsewhere', urls: [b.url] },
    { where: 'behind a random balancer', urls: [a.url, b.url, c.url] },
  ]
  for (const { where, urls } of ways) {
    bench.note(`renewing ${where}`)
    const stop = await countTraffic(trio)
    const count = seconds * PER_SECOND
    const input = { urls, workload: WORKLOAD, instances: INSTANCES, count, perSecond: PER_SECOND }
    await using driver = new Driver('heartbeats', DRIVER_CORE, input)
    const withinMs = seconds * 1_000 + RENEWED_AFTER_MS
    const report = await driver.report<RenewedReport>('renewed', withinMs)
    if (report.refused > 0) throw new Error(`${report.refused} renewals ${where} were refused.`)
    // What the last of them set off is on its way for a moment.
    await systemClock.sleep(1_000, never)
    rows.push(...rowsOf(where, { report, whole: await stop(), idle }))
  }
  return rows
}

async function idleTraffic(trio: Trio, seconds: number): Promise<Traffic> {
  // Those who were told of so many registrations have to come to rest.
  await systemClock.sleep(2_000, never)
  const stop = await countTraffic(trio)
  await systemClock.sleep(seconds * 1_000, never)
  return stop()
}

function idleRow(idle: Traffic): Row {
  return {
    scenario: 'heartbeats',
    measure: 'messages between three idle nodes, beats and their answers',
    ours: { value: idle.messages / idle.seconds, unit: '/s' },
    target: 'none',
    details: {
      bytesPerSecond: idle.bytes / idle.seconds,
      records: idle.records,
      seconds: idle.seconds,
    },
  }
}

interface Renewed {
  readonly report: RenewedReport
  readonly whole: Traffic
  readonly idle: Traffic
}

function rowsOf(where: string, { report, whole, idle }: Renewed): Row[] {
  const more = beyond(whole, idle)
  const thousands = report.count / 1_000
  const isAtHome = where === 'at home'
  const messages = more.messages / thousands
  const row = {
    scenario: 'heartbeats',
    details: {
      heartbeats: report.count,
      perSecond: report.perSecond,
      p99Ms: report.p99Ms,
      forwarded: whole.forwarded,
      records: whole.records,
      messages: whole.messages,
      bytes: whole.bytes,
    },
  }
  return [
    {
      ...row,
      measure: `messages between nodes for 1,000 heartbeats ${where}, beyond the beats`,
      ours: { value: messages, unit: '' },
      target: isAtHome ? '0' : 'none',
      ...(isAtHome && { met: whole.forwarded === 0 && messages <= NOISE }),
    },
    {
      ...row,
      measure: `bytes between nodes for 1,000 heartbeats ${where}, beyond the beats`,
      ours: { value: more.bytes / thousands, unit: ' bytes' },
      target: 'none',
    },
  ]
}
