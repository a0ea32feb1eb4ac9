/**
 * Where an engine lives while the contract is tried on it, and the words that its tests share.
 *
 * @module
 */

import { start, type Running } from '@rollcall/runtime'
import { expect, onTestFinished } from 'vitest'
import type {
  Batch,
  Commit,
  CommitResult,
  Engine,
  KeyValue,
  Operation,
} from '../../catalog/engine.ts'

/** One place for one engine; what it keeps is there again when it is opened again. */
export interface EngineHome {
  open(): Promise<Engine>
  /** Lets the time pass by which leases end. */
  elapse(ms: number): Promise<void>
}

export interface EngineKind {
  readonly name: string
  /** Whether content outlives the engine. */
  readonly keeps: boolean
  /**
   * Whether leases stand still while the engine is closed, and have their full ttl afterwards.
   * Where others keep them, they go on meanwhile.
   */
  readonly leasesRest: boolean
  /** How much later than its ttl a lease may end, in milliseconds. */
  readonly lateMs: number
  home(): Promise<EngineHome>
}

/** An engine that runs, and how to stop it. */
export interface RunningEngine {
  readonly engine: Engine
  readonly home: EngineHome
  readonly stop: () => Promise<void>
}

/** Opens an engine in a new home, or in one that was lived in; it is stopped when the test ends. */
export async function live(kind: EngineKind, home?: EngineHome): Promise<RunningEngine> {
  const place = home ?? (await kind.home())
  const engine = await place.open()
  const running: Running = start(engine)
  const stop = async () => {
    await running[Symbol.asyncDispose]()
  }
  onTestFinished(stop)
  return { engine, home: place, stop }
}

export const bytes = (text: string): Uint8Array => Buffer.from(text)

export function put(key: string, value = '', lease?: number): Operation {
  const operation = { kind: 'put', key, value: bytes(value) } as const
  return lease === undefined ? operation : { ...operation, lease }
}

export const remove = (key: string): Operation => ({ kind: 'delete', key })
export const removeBelow = (prefix: string): Operation => ({ kind: 'delete_prefix', prefix })
export const read = (key: string): Operation => ({ kind: 'get', key })

/** A commit without compares. */
export const doing = (...then: readonly Operation[]): Commit => ({ compares: [], then })

export async function doAll(engine: Engine, ...then: readonly Operation[]): Promise<CommitResult> {
  return await engine.commit(doing(...then))
}

/** All keys with their values as text, in their order. */
export async function contentOf(engine: Engine, prefix = ''): Promise<Record<string, string>> {
  const content: [string, string][] = []
  let after: string | undefined
  for (;;) {
    const query = { prefix, limit: 1_000 }
    const page = await engine.range(after === undefined ? query : { ...query, after })
    for (const { key, value } of page.entries) content.push([key, text(value)])
    if (!page.more) return Object.fromEntries(content)
    after = page.entries.at(-1)?.key
  }
}

export const text = (value: Uint8Array): string => Buffer.from(value).toString()

/** An entry with its value as text and its lease only where it has one. */
export function plain({ key, value, createRevision, modRevision, lease }: KeyValue) {
  return { key, value: text(value), createRevision, modRevision, lease }
}

/** Collects what a watch brings until `isEnough`, then ends it. */
export async function collect(
  watch: (signal: AbortSignal) => AsyncIterable<readonly Batch[]>,
  isEnough: (batches: readonly Batch[]) => boolean,
): Promise<readonly Batch[]> {
  const stop = new AbortController()
  const seen: Batch[] = []
  if (isEnough(seen)) return seen
  for await (const batches of watch(stop.signal)) {
    seen.push(...batches)
    if (isEnough(seen)) stop.abort()
  }
  return seen
}

/** Everything that changed from a revision up to another. */
export async function watched(engine: Engine, from: number, to: number): Promise<readonly Batch[]> {
  const batches = await collect(
    (signal) => engine.watch(from, signal),
    (some) => (some.at(-1)?.revision ?? from - 1) >= to,
  )
  return batches.filter(hasChanges)
}

/** The first revision from one on that changed something, in short. */
export async function nextChange(engine: Engine, from: number): Promise<[number, ...string[]]> {
  const batches = await collect(
    (signal) => engine.watch(from, signal),
    (some) => some.some(hasChanges),
  )
  const found = batches.find(hasChanges)
  return found ? inShort(found) : [from]
}

/** Fails when something has changed after a revision. */
export async function expectNothingSince(engine: Engine, revision: number): Promise<void> {
  const probe = await doAll(engine, put('probe'))
  expect(await nextChange(engine, revision + 1)).toEqual([probe.revision, '+probe='])
}

/** Whether it says more than that its revision was reached. */
export function hasChanges({ changes }: Batch): boolean {
  return changes.length > 0
}

/** A batch in short: `+key=value` and `-key`. */
export function inShort({ revision, changes }: Batch): [number, ...string[]] {
  return [
    revision,
    ...changes.map((change) =>
      change.kind === 'put' ? `+${change.entry.key}=${text(change.entry.value)}` : `-${change.key}`,
    ),
  ]
}
