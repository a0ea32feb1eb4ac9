/**
 * The engine of one machine, as a node runs it.
 *
 * @module
 */

import { silentLog, systemClock, systemRandom } from '@rollcall/runtime'
import type { Engine } from '../../../packages/server/src/catalog/engine.ts'
import { openLmdbEngine } from '../../../packages/server/src/engines/lmdb/index.ts'

export interface RunningEngine {
  readonly engine: Engine
  stop(): Promise<void>
}

/** Opens it in a folder and lets it run. */
export async function openEngine(folder: string): Promise<RunningEngine> {
  const engine = await openLmdbEngine({
    folder,
    clock: systemClock,
    random: systemRandom,
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
