/**
 * Moments of a restore at which something may go wrong, and what may be there afterwards.
 *
 * @module
 */

import type { RestoreStatus } from '@rollcall/protocol'
import { until } from '@rollcall/runtime/testing'
import { keyAt, type BackupContent } from './backup-file.ts'
import type { CatalogClient } from './catalog-client.ts'
import { Restoring } from './restoring.ts'

export const OLD: BackupContent = { prefix: 'old/', keys: 3_000, value: 'old' }
const SWEPT_WITHIN_MS = 60_000

/** Whether a node holds all of something and nothing else; throws what it holds. */
export async function held(client: CatalogClient, fresh: BackupContent): Promise<'old' | 'new'> {
  const entries = await client.list('')
  const content = entries[0]?.key.startsWith(OLD.prefix) === true ? OLD : fresh
  const { prefix, keys, value } = content
  const valueBase64 = Buffer.from(value).toString('base64')
  const isWhole =
    entries.length === keys &&
    entries.every(
      (entry, at) => entry.key === keyAt(prefix, at) && entry.valueBase64 === valueBase64,
    )
  if (isWhole) return content === OLD ? 'old' : 'new'
  throw new Error(`It holds ${entries.length} keys, from ${entries[0]?.key} on.`)
}

/** Waits until nothing of a restore is left to do at a node. */
export async function untilIdle(url: string): Promise<RestoreStatus> {
  await using asking = new Restoring(url, 0)
  const look = async () => {
    const status = await asking.status()
    return status.state === 'idle' ? status : undefined
  }
  return await until('nothing is left to do', look, { withinMs: SWEPT_WITHIN_MS, everyMs: 50 })
}

/** One that a test can bring about. */
export interface Moment {
  readonly name: string
  /** Sends what has to be sent, and resolves when the moment is there. */
  readonly reach: (restoring: Restoring, newFile: Buffer) => Promise<unknown>
  readonly leaves: readonly ('old' | 'new')[]
}

export const MOMENTS: readonly Moment[] = [
  {
    name: 'has half of the file',
    reach: (restoring, newFile) => {
      restoring.send(newFile.subarray(0, newFile.length / 2))
      return restoring.untilIt('has half', ({ progress }) => (progress ?? 0) > 0.4)
    },
    leaves: ['old'],
  },
  {
    name: 'has all of the file but a byte',
    reach: (restoring, newFile) => {
      restoring.send(newFile.subarray(0, -1))
      const share = (newFile.length - 1) / newFile.length
      return restoring.untilIt('lacks a byte', ({ progress }) => (progress ?? 0) >= share)
    },
    leaves: ['old'],
  },
  {
    name: 'begins to write',
    reach: (restoring, newFile) => {
      restoring.send(newFile)
      return restoring.untilIt('writes', ({ state }) => state === 'writing')
    },
    leaves: ['old', 'new'],
  },
  {
    name: 'has written most',
    reach: (restoring, newFile) => {
      restoring.send(newFile)
      const isFar = ({ state, progress }: RestoreStatus) =>
        state === 'writing' ? (progress ?? 0) > 0.7 : ['flipping', 'cleaning'].includes(state)
      return restoring.untilIt('has written most', isFar)
    },
    leaves: ['old', 'new'],
  },
  {
    name: 'puts the new content in place',
    reach: (restoring, newFile) => {
      restoring.send(newFile)
      const isFlipping = ({ state, generation }: RestoreStatus) =>
        state === 'flipping' || generation > 2
      return restoring.untilIt('flips', isFlipping)
    },
    leaves: ['old', 'new'],
  },
  {
    name: 'takes the old content away',
    reach: (restoring, newFile) => {
      restoring.send(newFile)
      return restoring.untilIt('cleans', ({ state, generation }) => {
        return state === 'cleaning' && generation > 2
      })
    },
    leaves: ['new'],
  },
]
