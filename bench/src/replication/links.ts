/**
 * What a node holds for each peer that it is connected with and has nothing to tell.
 *
 * @module
 */

import {
  DRIVER_CORE,
  MEASURED_CORE,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { settledMemory } from '../suite/settled-memory.ts'
import { Leftovers } from '../tools/leftovers.ts'
import { startOurNode, type OurNode } from '../tools/our-node.ts'
import { untilAllAlive } from './trio.ts'

const FULL = 16
const QUICK = 4

export const links: Scenario = {
  name: 'links',
  about: 'memory of the links to idle peers',
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  const count = bench.quick ? QUICK : FULL
  await using started = new Leftovers()
  const hub = started.use(await startOurNode({ core: MEASURED_CORE, id: 'hub' }))
  const peer = async (at: number, known: string) =>
    started.use(
      await startOurNode({ core: DRIVER_CORE, id: `peer-${at}`, args: ['--peers', known] }),
    )
  const known = new URL(hub.url).host
  // What is loaded with the first peer is not what each takes.
  const nodes: OurNode[] = [hub, await peer(0, known)]
  await untilAllAlive(nodes)
  const before = await settledMemory(hub)
  for (let at = 1; at <= count; at += 1) nodes.push(await peer(at, known))
  await untilAllAlive(nodes)
  const after = await settledMemory(hub)
  const each = (part: 'heap' | 'external' | 'resident') => (after[part] - before[part]) / count
  return [
    {
      scenario: 'links',
      measure: `memory of an idle link, of ${count}: heap and buffers`,
      ours: { value: each('heap') + each('external'), unit: ' bytes' },
      target: 'none',
      details: {
        heapBytes: each('heap'),
        externalBytes: each('external'),
        residentBytes: each('resident'),
      },
    },
  ]
}
