/**
 * A started catalog plane over the engine in memory, on a clock that the test moves.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, silentLog, start } from '@rollcall/runtime'
import { FakeClock } from '@rollcall/runtime/testing'
import { noCatalogMetrics, type CatalogMetrics } from '../catalog/catalog-metrics.ts'
import { CatalogPlane } from '../catalog/index.ts'
import { createMemoryEngine } from '../engines/memory/index.ts'
import { BreakableEngine } from './breakable-engine.ts'

export interface CatalogSetUp {
  readonly seed?: number
  readonly node?: string
  /** How foreign protocols spell the root of the namespaces. */
  readonly rootName?: string
  /** A clock that the test shares with something else. */
  readonly clock?: FakeClock
  readonly metrics?: Partial<CatalogMetrics>
}

export interface CatalogHarness extends AsyncDisposable {
  readonly clock: FakeClock
  readonly engine: BreakableEngine
  readonly catalog: CatalogPlane
  /** Of the plane: there while something is restored. */
  readonly spoolFolder: string
  /** Another plane on the same engine, as after a restart of the node, or as another node; stop it yourself. */
  readonly another: (node?: string) => Promise<{ readonly catalog: CatalogPlane } & AsyncDisposable>
  /** Stops the plane, not the engine. */
  readonly stop: () => Promise<void>
}

/** Builds and starts engine and plane; the view is there when this resolves. */
export async function setUpCatalog(setUp: CatalogSetUp = {}): Promise<CatalogHarness> {
  const { seed = 1, node = 'n1', rootName, metrics, clock = new FakeClock() } = setUp
  const random = seededRandom(seed)
  const engine = new BreakableEngine(createMemoryEngine({ clock, random, log: silentLog }))
  const engineRuns = start(engine)
  // Made when something is restored, and gone after it.
  const spools = join(tmpdir(), `rollcall-spool-${randomUUID()}`)
  const startPlane = async (of: string) => {
    const catalog = new CatalogPlane({
      node: of,
      rootName,
      engine,
      clock,
      random,
      log: silentLog,
      metrics: { ...noCatalogMetrics, ...metrics },
      spoolFolder: join(spools, of),
    })
    const runs = start(catalog)
    await clock.advance(0)
    return { catalog, [Symbol.asyncDispose]: () => runs[Symbol.asyncDispose]() }
  }
  const first = await startPlane(node)
  const stop = async () => {
    await first[Symbol.asyncDispose]()
  }
  return {
    clock,
    engine,
    catalog: first.catalog,
    spoolFolder: join(spools, node),
    another: (of = node) => startPlane(of),
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      await engineRuns[Symbol.asyncDispose]()
      await rm(spools, { recursive: true, force: true })
    },
  }
}
