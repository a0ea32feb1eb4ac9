import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, silentLog, systemClock } from '@rollcall/runtime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryEngine } from '../../engines/memory/index.ts'
import { openLmdbEngine } from '../../engines/lmdb/index.ts'
import { backupOf, contentLines, restoreFile } from '../../testing/backup-files.ts'
import { contentOf, doAll } from '../../testing/engine-contract/home.ts'
import type { Engine, Operation } from '../engine.ts'

const parts = { clock: systemClock, random: seededRandom(3), log: silentLog }

const key = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 40 })
  .filter((text) => Buffer.byteLength(text) <= 400)
const value = fc.uint8Array({ maxLength: 3_000 })
/** Which lease a key hangs on: none, or one of two. */
const contents = fc.uniqueArray(fc.record({ key, value, lease: fc.constantFrom(0, 0, 1, 2) }), {
  selector: (one) => one.key,
  maxLength: 60,
})

interface Kept {
  readonly key: string
  readonly value: Uint8Array
  readonly lease: number
}

async function fill(engine: Engine, content: readonly Kept[]): Promise<void> {
  const leases = [0]
  for (const ttlMs of [5_000, 60_000]) leases.push((await engine.leases.grant({ ttlMs })).id)
  for (const one of content) {
    const at = leases[one.lease] ?? 0
    const put: Operation = { kind: 'put', key: `k/${one.key}`, value: one.value }
    await doAll(engine, at === 0 ? put : { ...put, lease: at })
  }
}

test('whatever is kept goes from engine to engine and back, byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(contents, async (content) => {
      const folder = mkdtempSync(join(tmpdir(), 'rollcall-backup-'))
      try {
        await using first = await openLmdbEngine({ ...parts, folder: join(folder, 'first') })
        await fill(first, content)
        const file = await backupOf(first)
        expect(contentLines(file)).toHaveLength(
          content.length + new Set(content.map(({ lease }) => lease).filter(Boolean)).size,
        )

        const memory = createMemoryEngine(parts)
        await doAll(memory, { kind: 'put', key: 'k/old', value: Buffer.from('old') })
        expect(await restoreFile(memory, file)).toMatchObject({ count: content.length })
        const again = await backupOf(memory)
        expect(contentLines(again)).toEqual(contentLines(file))

        await using last = await openLmdbEngine({ ...parts, folder: join(folder, 'last') })
        await restoreFile(last, again)
        expect(contentLines(await backupOf(last))).toEqual(contentLines(file))
        expect(await contentOf(last)).toEqual(await contentOf(first))
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }),
    { numRuns: 25 },
  )
})
