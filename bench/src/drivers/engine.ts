/**
 * Driver: the engine in its own process, without a node around it. First so many commits at a
 * time, each a put, as fast as they go; then what takes long, and how late that makes the loop.
 *
 * @module
 */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { systemClock } from '@rollcall/runtime'
import type { Engine, Operation } from '../../../packages/server/src/catalog/engine.ts'
import { KEY_DIGITS, keyOf, KEY_PREFIX } from '../catalog/workload.ts'
import { quantile } from '../tools/quantile.ts'
import { input, listen, report, told } from './conversation.ts'
import { openEngine } from './open-engine.ts'

export interface EngineRun {
  readonly folder: string
  /** Commits under way at a time. */
  readonly writers: number
  readonly keys: number
  readonly valueBytes: number
  readonly warmUpSeconds: number
  readonly seconds: number
  /** How many keys there are for what takes long. */
  readonly manyKeys: number
}

export interface CommitReport {
  readonly commits: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** By how much the revision grew. */
  readonly revisions: number
}

/** How late the loop was at its worst. */
export interface WorkReport {
  readonly fillMs: number
  readonly deletePrefixMs: number
  readonly snapshotMs: number
  readonly snapshotSeconds: number
  readonly restoreMs: number
  readonly restoreSeconds: number
}

const BATCH = 1_000
const DELETED = 10_000
const RESOLUTION_MS = 10
const NS_PER_MS = 1e6

const run = input() as EngineRun
const value = Buffer.alloc(run.valueBytes, 'x')

listen()
const running = await openEngine(run.folder)
const { engine } = running
await commitFor(run.warmUpSeconds)
report('warm', {})
report('commits', await commitFor(run.seconds))
await told('work')
report('work', await work())
await running.stop()
process.exit(0)

async function commitFor(seconds: number): Promise<CommitReport> {
  const before = await engine.revision()
  const sinceMs = systemClock.monotonicMs()
  const tookMs: number[] = []
  let next = 0
  const writer = async () => {
    for (let atMs = sinceMs; atMs < sinceMs + seconds * 1_000;) {
      next += 1
      await engine.commit({ compares: [], then: [putOf(next % run.keys)] })
      const nowMs = systemClock.monotonicMs()
      tookMs.push(nowMs - atMs)
      atMs = nowMs
    }
  }
  await Promise.all(Array.from({ length: run.writers }, writer))
  const passedS = (systemClock.monotonicMs() - sinceMs) / 1_000
  const sorted = Float64Array.from(tookMs).sort()
  return {
    commits: sorted.length,
    perSecond: sorted.length / passedS,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    revisions: (await engine.revision()) - before,
  }
}

async function work(): Promise<WorkReport> {
  const fill = await watched(async () => {
    for (let first = 0; first < run.manyKeys; first += BATCH) {
      const then = Array.from({ length: BATCH }, (_, at) => putOf(first + at))
      await engine.commit({ compares: [], then })
    }
  })
  const digits = KEY_DIGITS - String(DELETED - 1).length
  const prefix = KEY_PREFIX + '0'.padStart(digits, '0')
  const deletePrefix = await watched(async () => {
    const { results } = await engine.commit({
      compares: [],
      then: [{ kind: 'delete_prefix', prefix }],
    })
    const [deleted] = results
    if (deleted?.kind === 'deleted' && deleted.count === DELETED) return
    throw new Error(`Of ${DELETED} keys below ${prefix}: ${JSON.stringify(deleted)}.`)
  })
  const snapshot = await watched(() => read(engine))
  const restore = await watched(async () => {
    await using whole = await engine.snapshot()
    await engine.restore(whole, new AbortController().signal)
  })
  return {
    fillMs: fill.lateMaxMs,
    deletePrefixMs: deletePrefix.lateMaxMs,
    snapshotMs: snapshot.lateMaxMs,
    snapshotSeconds: snapshot.seconds,
    restoreMs: restore.lateMaxMs,
    restoreSeconds: restore.seconds,
  }
}

/** Reads the whole content as a backup does. */
async function read(engine: Engine): Promise<void> {
  await using snapshot = await engine.snapshot()
  let count = 0
  for await (const page of snapshot.pages()) count += page.length
  if (count < run.manyKeys - DELETED) throw new Error(`A snapshot had only ${count} keys.`)
}

async function watched(act: () => Promise<void>): Promise<{ lateMaxMs: number; seconds: number }> {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  const sinceMs = systemClock.monotonicMs()
  await act()
  const seconds = (systemClock.monotonicMs() - sinceMs) / 1_000
  // What held up the loop in the end is seen only in the next look.
  await systemClock.sleep(2 * RESOLUTION_MS, new AbortController().signal)
  delay.disable()
  return { lateMaxMs: Math.max(0, delay.max / NS_PER_MS - RESOLUTION_MS), seconds }
}

function putOf(n: number): Operation {
  return { kind: 'put', key: keyOf(n), value }
}
