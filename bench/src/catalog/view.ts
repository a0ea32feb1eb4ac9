/**
 * A catalog of half a million keys: what each takes in memory, how soon a node that has them on
 * disk is ready, and how late its loop is meanwhile.
 *
 * @module
 */

import { API_BASE, type KvDeleted } from '@rollcall/protocol'
import { latenessDuring, latenessMs } from '../suite/loop-lateness.ts'
import { ourNode } from '../suite/measures.ts'
import { milliseconds, type Bench, type Row, type Scenario } from '../suite/scenario.ts'
import { settledMemory } from '../suite/settled-memory.ts'
import { openWindow, type SelfTime } from '../tools/cpu-profile.ts'
import { samplesAt, type Memory, type OurNode } from '../tools/our-node.ts'
import { temporaryFolder } from '../tools/temporary-folder.ts'
import { fillCatalog, revisionOf, sizeOf } from './our-catalog.ts'
import { FILLING, KEY_DIGITS, keyOf, KEY_PREFIX, kvPath, VALUE_BYTES } from './workload.ts'

const FULL = { count: 500_000, starts: 3, deletes: 5 }
const QUICK = { count: 100_000, starts: 1, deletes: 2 }
type Size = typeof FULL

const DELETED = 10_000
const READY_TARGET_MS = 10_000
const LATE_TARGET_MS = 50
const LATE_TARGET = `≤ ${LATE_TARGET_MS} ms`

export const view: Scenario = {
  name: 'view',
  about: '500,000 keys: fill, memory of each, start, delete by prefix',
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  const size = bench.quick ? QUICK : FULL
  await using folder = await temporaryFolder()
  const data = folder.path
  const rows = await fill(bench, data, size)
  rows.push(...(await start(bench, data, size)))
  rows.push(await deletePrefixes(bench, data, size))
  return rows
}

/** Leaves the data behind. */
async function fill(bench: Bench, data: string, { count }: Size): Promise<Row[]> {
  await using node = await ourNode(bench, { data })
  const before = await settledMemory(node)
  const closeWindow = openWindow()
  const { result, lateMaxMs } = await latenessDuring(node, () =>
    fillCatalog(node, { ...FILLING, count }),
  )
  const window = closeWindow()
  bench.note(`${count} keys in ${Math.round(result.seconds)} s`)
  const uncollected = await node.memory()
  const after = await settledMemory(node)
  const profile = await node.stopAndProfile(window)
  if (!bench.profiled) await node.stop()
  const each = (part: keyof Memory) => (after[part] - before[part]) / count
  const details = { keysPerSecond: count / result.seconds, keysToATransaction: FILLING.batch }
  return [
    lateRow(`putting ${count} keys, ${FILLING.batch} to a transaction`, lateMaxMs, {
      details,
      profile,
    }),
    {
      scenario: 'view',
      measure: `memory of each of ${count} keys of 32 bytes with ${VALUE_BYTES} bytes: heap and buffers`,
      ours: { value: each('heap') + each('external'), unit: ' bytes' },
      target: 'none',
      details: {
        heapEach: each('heap'),
        externalEach: each('external'),
        residentEach: each('resident'),
        uncollectedEach: (uncollected.heap + uncollected.external - before.heap) / count,
      },
    },
  ]
}

async function start(bench: Bench, data: string, { count, starts }: Size): Promise<Row[]> {
  const readyMs: number[] = []
  const lateMs: number[] = []
  for (let start = 0; start < starts; start += 1) {
    // Nobody could be late before it listened: the first look takes that away.
    const options = { data, onListening: samplesAt }
    await using node = await ourNode({ ...bench, profiled: false }, options)
    lateMs.push(await latenessMs(node))
    await hasAll(node, count)
    readyMs.push(node.readyAfterMs)
    await node.stop()
  }
  const worstMs = Math.max(...readyMs)
  const lateRowOfStart = lateRow(
    `a start with ${count} keys, from when it listens`,
    Math.max(...lateMs),
    {
      details: { leastMs: Math.min(...lateMs) },
    },
  )
  return [
    {
      scenario: 'view',
      measure: `ready with ${count} keys on disk, the slowest of ${starts}`,
      ours: milliseconds(worstMs),
      target: `≤ ${READY_TARGET_MS} ms`,
      met: worstMs <= READY_TARGET_MS,
      details: { fastestMs: Math.min(...readyMs) },
      profile: bench.profiled ? await profileOfStart(bench, data) : [],
    },
    lateRowOfStart,
  ]
}

/** Of a start of its own, since looking slows it down. */
async function profileOfStart(bench: Bench, data: string): Promise<readonly SelfTime[]> {
  const closeWindow = openWindow()
  await using node = await ourNode(bench, { data })
  return await node.stopAndProfile(closeWindow())
}

/** Fails unless the first, the last and some between are there. */
async function hasAll(node: OurNode, count: number): Promise<void> {
  for (let n = 0; n < count; n += Math.floor(count / 100)) await sizeOf(node, kvPath(keyOf(n)))
  await sizeOf(node, kvPath(keyOf(count - 1)))
}

async function deletePrefixes(bench: Bench, data: string, { count, deletes }: Size): Promise<Row> {
  await using node = await ourNode(bench, { data })
  const before = await revisionOf(node)
  const closeWindow = openWindow()
  const { lateMaxMs } = await latenessDuring(node, async () => {
    for (let at = 1; at <= deletes; at += 1) await deletePrefix(node, count / DELETED - at)
  })
  const revisions = (await revisionOf(node)) - before
  if (revisions !== deletes) throw new Error(`${deletes} deletes made ${revisions} revisions.`)
  const what = `deleting ${DELETED} keys by prefix, ${deletes} times`
  return lateRow(what, lateMaxMs, {
    details: { keys: count },
    profile: await node.stopAndProfile(closeWindow()),
  })
}

/** Deletes the keys from `at` times 10,000 on. */
async function deletePrefix({ url }: OurNode, at: number): Promise<void> {
  const digits = KEY_DIGITS - String(DELETED - 1).length
  const prefix = KEY_PREFIX + String(at).padStart(digits, '0')
  const path = `${API_BASE}/kv?prefix=${encodeURIComponent(prefix)}`
  const answer = await fetch(`${url}${path}`, { method: 'DELETE' })
  const text = await answer.text()
  const { deleted } = JSON.parse(text) as KvDeleted
  if (deleted !== DELETED) throw new Error(`DELETE ${path} was answered with ${text}.`)
}

function lateRow(what: string, lateMaxMs: number, more: Pick<Row, 'details' | 'profile'>): Row {
  return {
    scenario: 'view',
    measure: `loop at its latest while ${what}`,
    ours: milliseconds(lateMaxMs),
    target: LATE_TARGET,
    met: lateMaxMs <= LATE_TARGET_MS,
    ...more,
  }
}
