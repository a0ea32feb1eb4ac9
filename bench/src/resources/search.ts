/**
 * Searches among half a million resources, what the resources and their index take in memory, and
 * how soon a node that has them on disk is ready.
 *
 * @module
 */

import type { SearchReport, Searching } from '../drivers/searches.ts'
import { API_BASE } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { latenessDuring, latenessMs } from '../suite/loop-lateness.ts'
import { ourNode } from '../suite/measures.ts'
import {
  DRIVER_CORE,
  milliseconds,
  type Bench,
  type Row,
  type Scenario,
} from '../suite/scenario.ts'
import { settledMemory } from '../suite/settled-memory.ts'
import { openWindow } from '../tools/cpu-profile.ts'
import { Driver } from '../tools/driver.ts'
import { samplesAt, type OurNode } from '../tools/our-node.ts'
import { temporaryFolder } from '../tools/temporary-folder.ts'
import { lateRow } from './late-row.ts'
import { fillResources, makeNamespaces, resourceCount } from './our-resources.ts'
import { searchCases, type SearchCase } from './searches.ts'
import { FILLING, LEAVES, leafPath } from './workload.ts'

const COUNT = { quick: 100_000, full: 500_000 }
const SEARCHED_WITHIN_MS = 600_000
const READY_TARGET_MS = 10_000
const UNAVAILABLE = 503
const ASK_EVERY_MS = 50
const never = new AbortController().signal
const HEAP_TARGET_BYTES = 1_000

export const search: Scenario = {
  name: 'search',
  about: `searches among ${COUNT.full} resources, and what these take`,
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  const count = bench.quick ? COUNT.quick : COUNT.full
  await using folder = await temporaryFolder()
  const data = folder.path
  const rows = await fill(bench, data, count)
  rows.push(...(await start(bench, data, count)))
  rows.push(...(await searchThrough(bench, data, count)))
  return rows
}

/** Leaves the data behind. */
async function fill(bench: Bench, data: string, count: number): Promise<Row[]> {
  await using node = await ourNode({ ...bench, profiled: false }, { data })
  await makeNamespaces(node)
  const before = await settledMemory(node)
  const { result, lateMaxMs } = await latenessDuring(node, () =>
    fillResources(node, { ...FILLING, count }),
  )
  bench.note(`${count} resources in ${Math.round(result.seconds)} s`)
  const after = await settledMemory(node)
  await hasAll(node, count)
  await node.stop()
  const each = (after.heap + after.external - before.heap - before.external) / count
  const perBatch = `${FILLING.batch} to a batch`
  return [
    {
      scenario: 'search',
      measure: `memory of each of ${count} resources with 6 properties, indexed`,
      ours: { value: each, unit: ' bytes' },
      target: `≤ ${HEAP_TARGET_BYTES} bytes`,
      met: each <= HEAP_TARGET_BYTES,
      details: {
        heapEach: (after.heap - before.heap) / count,
        residentEach: (after.resident - before.resident) / count,
        perSecond: count / result.seconds,
      },
    },
    lateRow('search', `adding ${count} resources, ${perBatch}`, { lateMaxMs, details: {} }),
  ]
}

async function hasAll(node: OurNode, count: number): Promise<void> {
  let there = 0
  for (let at = 0; at < LEAVES; at += 1) there += await resourceCount(node, leafPath(at))
  if (there !== count) throw new Error(`${count} were added, and ${there} are there.`)
}

async function start(bench: Bench, data: string, count: number): Promise<Row[]> {
  const closeWindow = openWindow()
  await using node = await ourNode(bench, { data, onListening: samplesAt })
  const lateMaxMs = await latenessMs(node)
  await hasAll(node, count)
  const { readyAfterMs } = node
  const profile = await node.stopAndProfile(closeWindow())
  if (!bench.profiled) await node.stop()
  return [
    {
      scenario: 'search',
      measure: `ready with ${count} resources on disk`,
      ours: milliseconds(readyAfterMs),
      target: `≤ ${READY_TARGET_MS} ms`,
      met: readyAfterMs <= READY_TARGET_MS,
      details: {},
      profile,
    },
    lateRow('search', `a start with ${count} resources, from when it listens`, {
      lateMaxMs,
      details: {},
    }),
  ]
}

async function searchThrough(bench: Bench, data: string, count: number): Promise<Row[]> {
  await using node = await ourNode(bench, { data })
  const searchableAfterMs = node.readyAfterMs + (await untilSearchable(node))
  const closeWindow = openWindow()
  const input: Searching = { url: node.url, count, size: bench.quick ? 'quick' : 'full' }
  const { result: rows, lateMaxMs } = await latenessDuring(node, async () => {
    await using driver = new Driver('searches', DRIVER_CORE, input)
    const made: Row[] = []
    for (const [at, one] of searchCases(count).entries()) {
      made.push(rowOf(one, await driver.report(`searched ${at}`, SEARCHED_WITHIN_MS)))
    }
    return made
  })
  const profile = await node.stopAndProfile(closeWindow())
  const searchable: Row = {
    scenario: 'search',
    measure: `searches are answered with ${count} resources on disk`,
    ours: milliseconds(searchableAfterMs),
    target: 'none',
    details: {},
  }
  return [searchable, ...rows, lateRow('search', 'searching', { lateMaxMs, details: {}, profile })]
}

/** A node is ready before all is indexed. Answers for how long it refused to search. */
async function untilSearchable({ url }: OurNode): Promise<number> {
  const sinceMs = systemClock.monotonicMs()
  for (;;) {
    const answer = await fetch(`${url}${API_BASE}/search?q=nothing`)
    await answer.arrayBuffer()
    const tookMs = systemClock.monotonicMs() - sinceMs
    if (answer.ok) return tookMs
    if (answer.status !== UNAVAILABLE || tookMs > SEARCHED_WITHIN_MS) {
      throw new Error(`A search was answered with ${answer.status} after ${tookMs} ms.`)
    }
    await systemClock.sleep(ASK_EVERY_MS, never)
  }
}

function rowOf({ what, targetMs }: SearchCase, { p99Ms, ...details }: SearchReport): Row {
  return {
    scenario: 'search',
    measure: `${what}, at the 99th percentile`,
    ours: milliseconds(p99Ms),
    ...(targetMs === undefined
      ? { target: 'none' }
      : { target: `≤ ${targetMs} ms`, met: p99Ms <= targetMs }),
    details: { ...details },
  }
}
