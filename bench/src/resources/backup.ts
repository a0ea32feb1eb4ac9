/**
 * Half a million keys into a file and back: how long that takes, and whether it takes memory.
 *
 * @module
 */

import { join } from 'node:path'
import { systemClock } from '@rollcall/runtime'
import { fillCatalog } from '../catalog/our-catalog.ts'
import { FILLING } from '../catalog/workload.ts'
import type { BackupReport, BackupRound, RestoreReport } from '../drivers/backup-round.ts'
import { latenessDuring } from '../suite/loop-lateness.ts'
import { ourNode } from '../suite/measures.ts'
import { DRIVER_CORE, type Bench, type Row, type Scenario } from '../suite/scenario.ts'
import { settledMemory } from '../suite/settled-memory.ts'
import { openWindow } from '../tools/cpu-profile.ts'
import { Driver } from '../tools/driver.ts'
import type { Memory, OurNode } from '../tools/our-node.ts'
import { temporaryFolder } from '../tools/temporary-folder.ts'
import { lateRow } from './late-row.ts'

const COUNT = { quick: 50_000, full: 500_000 }
const DONE_WITHIN_MS = 900_000
const LOOK_EVERY_MS = 250
/** What it may take beside the catalog itself, garbage included. */
const MEMORY_TARGET_MIB = 256
const MIB = 1_024 * 1_024

export const backup: Scenario = {
  name: 'backup',
  about: `${COUNT.full} keys backed up and restored`,
  run: measure,
}

async function measure(bench: Bench): Promise<Row[]> {
  const count = bench.quick ? COUNT.quick : COUNT.full
  await using folder = await temporaryFolder()
  await using node = await ourNode(bench)
  const empty = await settledMemory(node)
  await fillCatalog(node, { ...FILLING, count })
  const full = await settledMemory(node)
  const closeWindow = openWindow()
  const input: BackupRound = { url: node.url, file: join(folder.path, 'backup') }
  await using driver = new Driver('backup-round', DRIVER_CORE, input)
  const step = async <T>(word: string) => {
    driver.tell(word)
    return await driver.report<T>(word, DONE_WITHIN_MS)
  }
  const taken = await observed(node, () => step<BackupReport>('backup'))
  const restored = await observed(node, () => step<RestoreReport>('restore'))
  if (restored.result.count !== count) {
    throw new Error(`${count} keys were backed up, and ${restored.result.count} were restored.`)
  }
  const profile = await node.stopAndProfile(closeWindow())
  const heldOf = ({ heap, external }: Memory) => heap + external
  return [
    row('backup', { count, ...taken }, taken.peakBytes - heldOf(full)),
    lateRow('backup', `${count} keys are backed up`, { lateMaxMs: taken.lateMaxMs, details: {} }),
    // The new content is read beside the old, which goes on serving.
    row('restore', { count, ...restored }, restored.peakBytes - 2 * heldOf(full) + heldOf(empty)),
    lateRow('backup', `${count} keys are restored`, {
      lateMaxMs: restored.lateMaxMs,
      details: {},
      profile,
    }),
  ]
}

interface Observed<T> {
  readonly result: T
  readonly lateMaxMs: number
  readonly peakBytes: number
}

/** Does something, and looks at the memory and the loop of the node meanwhile. */
async function observed<T>(node: OurNode, act: () => Promise<T>): Promise<Observed<T>> {
  const ending = new AbortController()
  let peakBytes = 0
  const watched = (async () => {
    while (await systemClock.sleep(LOOK_EVERY_MS, ending.signal)) {
      const { heap, external } = await node.memory()
      peakBytes = Math.max(peakBytes, heap + external)
    }
  })()
  try {
    return { ...(await latenessDuring(node, act)), peakBytes }
  } finally {
    ending.abort()
    await watched
  }
}

function row(
  what: 'backup' | 'restore',
  { count, result }: { count: number; result: { seconds: number; bytes?: number } },
  moreBytes: number,
): Row {
  const moreMiB = moreBytes / MIB
  const beside = what === 'backup' ? 'the catalog' : 'the old view and the new'
  return {
    scenario: 'backup',
    measure: `most memory of a ${what} of ${count} keys, beside ${beside}`,
    ours: { value: moreMiB, unit: ' MiB' },
    target: `≤ ${MEMORY_TARGET_MIB} MiB`,
    met: moreMiB <= MEMORY_TARGET_MIB,
    details: {
      seconds: result.seconds,
      keysPerSecond: count / result.seconds,
      ...(result.bytes !== undefined && { bytes: result.bytes }),
    },
  }
}
