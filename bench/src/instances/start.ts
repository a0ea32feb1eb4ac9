/**
 * How soon a node is ready that has 100,000 instances on disk.
 *
 * @module
 */

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openWindow } from '../tools/cpu-profile.ts'
import { temporaryFolder } from '../tools/temporary-folder.ts'
import { fillNode } from './fill-node.ts'
import { ourNode } from '../suite/measures.ts'
import { milliseconds, type Bench, type Row, type Scenario } from '../suite/scenario.ts'

const WORKLOAD = { prefix: 'bench', services: 1_000, ttlMs: 3_600_000 }
const INSTANCES = 100_000
const TARGET_MS = 2_000
const FILE = 'instances.ndjson'

export const start100k: Scenario = {
  name: 'start-100k',
  about: 'start with a warm-start file of 100,000 instances',
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  await using folder = await temporaryFolder()
  const data = folder.path
  await using first = await ourNode({ ...bench, profiled: false }, { data })
  await fillNode(first, WORKLOAD, INSTANCES)
  await first.stop()
  const { size } = await stat(join(data, FILE))
  const times: number[] = []
  for (let start = 0; start < (bench.quick ? 1 : 5); start += 1) {
    await using node = await ourNode({ ...bench, profiled: false }, { data })
    const shown = await node.sample('rollcall_instances')
    if (shown < INSTANCES) throw new Error(`Of ${INSTANCES} instances ${shown} came back.`)
    times.push(node.readyAfterMs)
  }
  const worst = Math.max(...times)
  const row: Row = {
    scenario: 'start-100k',
    measure: `ready with ${INSTANCES} instances on disk, the slowest of ${times.length}`,
    ours: milliseconds(worst),
    target: `≤ ${TARGET_MS} ms`,
    met: worst <= TARGET_MS,
    details: { fastestMs: Math.min(...times), fileBytes: size },
    profile: bench.profiled ? await profileOf(bench, data) : [],
  }
  return [row]
}

/** Of a start of its own, since looking slows it down. */
async function profileOf(bench: Bench, data: string) {
  const closeWindow = openWindow()
  await using node = await ourNode(bench, { data })
  return await node.stopAndProfile(closeWindow())
}
