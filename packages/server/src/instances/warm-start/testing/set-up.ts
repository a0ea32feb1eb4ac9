/**
 * Nodes that start, stop and start again on one temporary data folder.
 *
 * @module
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, type Clock, type Logger, type Random } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { onTestFinished } from 'vitest'
import type { InstanceKey } from '../../../model/instance-key.ts'
import type { FactsRequest } from '../../facts.ts'
import { noMetrics } from '../../instance-metrics.ts'
import type { PlaneLimits } from '../../plane-core.ts'
import { InstancePlane } from '../../plane.ts'
import { WarmStart } from '../warm-start.ts'

export const TTL_MS = 90_000
const HOUR_MS = 3_600_000

export interface NodeSetUp {
  readonly node?: string
  readonly limits?: Partial<PlaneLimits>
  readonly stopWithinMs?: number
  readonly clock?: Clock
  /** Absent: the first write waits as long as every other. */
  readonly random?: Random
}

/** A folder that goes when the test ends, a clock, and a maker of nodes on both. */
export function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-warm-start-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const clock = new FakeClock()
  return {
    folder,
    clock,
    path: (name = 'instances.ndjson') => join(folder, name),
    names: () => readdirSync(folder).sort(),
    bytes: () => readFileSync(join(folder, 'instances.ndjson')),
    node: (options: NodeSetUp = {}) => newNode(folder, clock, options),
  }
}

function newNode(folder: string, fake: FakeClock, options: NodeSetUp) {
  const { node = 'n1', limits = {}, clock = fake, random = () => 0 } = options
  // The fake clock runs far ahead while the real disk is at work.
  const { stopWithinMs = HOUR_MS } = options
  const { log, lines } = recordingLog()
  const plane = new InstancePlane({
    node,
    env: 'default',
    zone: 'z1',
    clock,
    random: seededRandom(1),
    log,
    metrics: noMetrics,
    limits: {
      instancesMax: 100_000,
      tombstonesMax: 1_000,
      changeRingSize: 1_000,
      defaultTtlMs: TTL_MS,
      ...limits,
    },
  })
  const outcomes: { outcome: string; bytes: number }[] = []
  const onWrite = (outcome: string, bytes: number) => outcomes.push({ outcome, bytes })
  const warmStart = new WarmStart({ folder, plane, clock, random, log, onWrite, stopWithinMs })
  return {
    plane,
    warmStart,
    lines,
    outcomes,
    register(id: string, service = 'web', facts: Partial<FactsRequest> = {}) {
      const complete = { addresses: ['http://10.0.0.1:80'], ...facts }
      plane.register({ ref: { env: 'default', service, id }, facts: complete })
    },
    ids: (service = 'web') =>
      [...plane.snapshot({ env: 'default', service }).instances].map(({ id }) => id).sort(),
    entry: (key: Partial<InstanceKey> = {}) =>
      plane.core.table.find({ env: 'default', service: 'web', zone: 'z1', id: 'a', ...key }),
    load: () => settled(fake, warmStart.load(new AbortController().signal)),
    /** Writes as at a stop, if there is something to write. */
    stop: () => settled(fake, warmStart.run(AbortSignal.abort())),
    /** Lets time pass as in a running node. */
    run(ms: number) {
      for (let left = ms; left > 0; left -= 250) {
        fake.advanceNow(Math.min(left, 250))
        plane.tick()
      }
    },
  }
}

/** Moves the clock on, a millisecond for each turn of the loop, until a promise settles. */
export async function settled<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  const state = { done: false }
  const note = () => {
    state.done = true
  }
  promise.then(note, note)
  while (!state.done) await clock.advance(1)
  return promise
}

function recordingLog() {
  const lines: string[] = []
  const at = (level: string) => (fields: object, message: string) => {
    lines.push(`${level}: ${message} ${JSON.stringify(fields)}`)
  }
  const log: Logger = { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }
  return { log, lines }
}
