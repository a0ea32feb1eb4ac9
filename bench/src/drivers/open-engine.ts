/**
 * The engine of one machine, as a node runs it.
 *
 * @module
 */

import { seededRandom, silentLog, systemClock } from '@rollcall/runtime'
import type { Engine } from '../../../packages/server/src/catalog/engine.ts'
import { createMemoryEngine } from '../../../packages/server/src/engines/memory/index.ts'

export interface RunningEngine {
  readonly engine: Engine
  stop(): Promise<void>
}

const SEED = 1

/** Opens it in a folder and lets it run. */
export async function openEngine(_folder: string): Promise<RunningEngine> {
  const engine = createMemoryEngine({
    clock: systemClock,
    random: seededRandom(SEED),
    log: silentLog,
  })
  const stopping = new AbortController()
  const ran = engine.run(stopping.signal)
  return {
    engine,
    async stop() {
      stopping.abort()
      await ran
    },
  }
}
