/**
 * What a registration costs between three nodes.
 *
 * @module
 */

import { fillNode } from '../instances/fill-node.ts'
import type { Bench, Row, Scenario } from '../suite/scenario.ts'
import { registrationOf } from '../instances/workload.ts'
import { systemClock } from '@rollcall/runtime'
import { beyond, countTraffic } from './traffic.ts'
import { startTrio, untilAllShow } from './trio.ts'

const WORKLOAD = { prefix: 'bench', services: 1_000, ttlMs: 3_600_000 }
const FULL = { count: 50_000, idleSeconds: 20 }
const QUICK = { count: 5_000, idleSeconds: 5 }
const PEERS = 2
const never = new AbortController().signal

export const registrations: Scenario = {
  name: 'registration-bytes',
  about: 'three nodes, registrations at one: what goes to the others',
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  const { count, idleSeconds } = bench.quick ? QUICK : FULL
  await using trio = await startTrio({ isCounted: true })
  const stopIdle = await countTraffic(trio)
  await systemClock.sleep(idleSeconds * 1_000, never)
  const idle = await stopIdle()
  const stop = await countTraffic(trio)
  await fillNode(trio.nodes[0], WORKLOAD, count)
  await untilAllShow(trio.nodes, count)
  const more = beyond(await stop(), idle)
  return [
    {
      scenario: 'registration-bytes',
      measure: `bytes between three nodes for a registration of ${registrationOf(WORKLOAD, 1_000).length} bytes`,
      ours: { value: more.bytes / count, unit: ' bytes' },
      target: 'none',
      details: {
        count,
        bytesForEachPeer: more.bytes / count / PEERS,
        recordsForEachPeer: more.records / count / PEERS,
        messages: more.messages,
        seconds: more.seconds,
      },
    },
  ]
}
