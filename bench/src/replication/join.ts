/**
 * How soon a node is ready that joins one with 100,000 instances.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { fillNode } from '../instances/fill-node.ts'
import { ourNode } from '../suite/measures.ts'
import { DRIVER_CORE, type Bench, type Row, type Scenario } from '../suite/scenario.ts'
import { startOurNode } from '../tools/our-node.ts'

const WORKLOAD = { prefix: 'bench', services: 1_000, ttlMs: 3_600_000 }
const INSTANCES = 100_000

export const join: Scenario = {
  name: 'join-100k',
  about: 'start a node that takes 100,000 instances over from another',
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  await using first = await ourNode(bench, { id: 'a' })
  await fillNode(first, WORKLOAD, INSTANCES)
  const args = ['--peers', new URL(first.url).host]
  const seconds: number[] = []
  const cpuSeconds: number[] = []
  for (let join = 0; join < (bench.quick ? 1 : 5); join += 1) {
    const sinceMs = systemClock.monotonicMs()
    // On a core of its own, as on a machine of its own.
    await using node = await startOurNode({ core: DRIVER_CORE, id: `joining-${join}`, args })
    const shown = await node.sample('rollcall_instances')
    if (shown < INSTANCES) throw new Error(`Of ${INSTANCES} instances ${shown} were taken over.`)
    seconds.push((systemClock.monotonicMs() - sinceMs) / 1_000)
    cpuSeconds.push(await node.sample('process_cpu_seconds_total'))
    await node.stop()
  }
  const worst = Math.max(...seconds)
  return [
    {
      scenario: 'join-100k',
      measure: `ready with ${INSTANCES} instances of another node, the slowest of ${seconds.length}`,
      ours: { value: worst, unit: ' s' },
      target: 'none',
      details: { fastestSeconds: Math.min(...seconds), cpuSecondsMax: Math.max(...cpuSeconds) },
    },
  ]
}
