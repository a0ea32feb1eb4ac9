/**
 * Adding resources to one namespace, one request each, by one client and by a hundred.
 *
 * @module
 */

import { latenessDuring } from '../suite/loop-lateness.ts'
import { detailsOf, load, ourNode } from '../suite/measures.ts'
import { perSecond, type Bench, type Row, type Scenario } from '../suite/scenario.ts'
import { lateRow } from './late-row.ts'
import { makeNamespaces, resourceCount } from './our-resources.ts'
import { addingLua, leafPath } from './workload.ts'

export const add: Scenario = {
  name: 'add',
  about: 'resources added to one namespace, one request each',
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  const rows: Row[] = []
  for (const clients of [1, 100]) rows.push(...(await adding(bench, clients)))
  return rows
}

async function adding(bench: Bench, clients: number): Promise<Row[]> {
  await using node = await ourNode(bench)
  await makeNamespaces(node, 1)
  const ns = leafPath(0)
  const { result: ours, lateMaxMs } = await latenessDuring(node, () =>
    load(bench, { server: node, connections: clients, script: (part) => addingLua(part, ns) }),
  )
  const count = await resourceCount(node, ns)
  // What was under way when wrk ended may have been added too.
  if (count < ours.requests) {
    throw new Error(`${ours.requests} were confirmed, and ${count} are there.`)
  }
  const profile = await node.stopAndProfile(ours.window)
  const who = clients === 1 ? 'one client' : `${clients} clients`
  return [
    {
      scenario: 'add',
      measure: `resources added to one namespace by ${who}`,
      ours: perSecond(ours.perSecond),
      target: 'none',
      details: { ...detailsOf(ours), there: count },
      profile,
    },
    lateRow('add', `${who} added`, { lateMaxMs, details: {} }),
  ]
}
