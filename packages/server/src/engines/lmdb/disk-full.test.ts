import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasCode } from '@rollcall/protocol/errors'
import { seededRandom, silentLog, start, systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { expect, onTestFinished, test } from 'vitest'
import type { Engine } from '../../catalog/engine.ts'
import { contentOf, doAll, put, watched } from '../../testing/engine-contract/home.ts'
import { openLmdbEngine } from './index.ts'

const MIB = 1_024 * 1_024
const VALUE = 'x'.repeat(9_000)

/** A disk of 8 MiB of its own, of which `takenMiB` are taken until they are freed. */
function smallDisk(takenMiB: number) {
  const disk = mkdtempSync(join(tmpdir(), 'rollcall-small-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk], { stdio: 'pipe' })
  } catch (error) {
    rmSync(disk, { recursive: true })
    const message =
      'This test needs a small disk: run it as root (sudo npx vitest run packages/server/src/engines/lmdb/disk-full.test.ts), where tmpfs can be mounted.'
    throw new Error(message, { cause: error })
  }
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', disk])
    rmSync(disk, { recursive: true })
  })
  const filler = join(disk, 'filler')
  writeFileSync(filler, Buffer.alloc(takenMiB * MIB))
  return {
    folder: join(disk, 'catalog'),
    free: () => {
      rmSync(filler)
    },
    /** Takes all that is left, to the last byte. */
    fill: () => {
      for (let size = MIB; size >= 1; size = Math.floor(size / 2)) {
        try {
          for (;;) writeFileSync(join(disk, 'rest'), Buffer.alloc(size), { flag: 'a' })
        } catch {
          // Smaller pieces may still fit.
        }
      }
    },
  }
}

const open = (folder: string) =>
  openLmdbEngine({ folder, clock: systemClock, random: seededRandom(1), log: silentLog })

/** Commits until it is refused; answers the error and adds to what was kept. */
async function commitUntilRefused(engine: Engine, kept: Record<string, string>): Promise<unknown> {
  for (;;) {
    const names = Array.from({ length: 5 }, (_, at) => `k/${Object.keys(kept).length + at}`)
    const answers = await Promise.allSettled(names.map((key) => doAll(engine, put(key, VALUE))))
    for (const [at, { status }] of answers.entries()) {
      if (status === 'fulfilled') kept[names[at] ?? ''] = VALUE
    }
    const refused = answers.find(({ status }) => status === 'rejected')
    if (refused?.status === 'rejected') return refused.reason
  }
}

test('on a full disk commits are refused and nothing is lost; with room again they go on', async () => {
  const { folder, free } = smallDisk(3)
  const engine = await open(folder)
  const running = start(engine)
  onTestFinished(() => running[Symbol.asyncDispose]())
  const told: (string | undefined)[] = []
  engine.onStatus(() => told.push(engine.status().broken))
  const { id } = await engine.leases.grant({ ttlMs: 60_000 })
  const kept: Record<string, string> = {}

  const refusal = await commitUntilRefused(engine, kept)
  expect(hasCode(refusal, 'unavailable')).toBe(true)
  expect(refusal).toMatchObject({ details: { reason: 'disk_full' } })
  expect(engine.status().broken).toContain('is full')
  expect(await contentOf(engine)).toEqual(kept)
  expect(await engine.leases.keepAlive([id])).toMatchObject([{ id }])
  const revision = await engine.revision()
  expect(revision).toBe(Object.keys(kept).length)

  free()
  await until('it takes commits again', () => engine.status().broken === undefined || undefined, {
    withinMs: 20_000,
  })
  expect(told.at(0)).toContain('is full')
  expect(told.at(-1)).toBeUndefined()
  expect(await doAll(engine, put('after', 'room'))).toMatchObject({ revision: revision + 1 })
  await running[Symbol.asyncDispose]()

  await using again = await open(folder)
  expect(await contentOf(again)).toEqual({ after: 'room', ...kept })
  const batches = await watched(again, 1, revision + 1)
  expect(batches.map((batch) => batch.revision)).toEqual(batches.map((_, at) => at + 1))
})

test('a full disk is a clear error when the engine is opened, and does no harm', async () => {
  const { folder, fill, free } = smallDisk(1)
  {
    await using engine = await open(folder)
    await doAll(engine, put('a', '1'))
  }
  fill()
  await expect(open(`${folder}-new`)).rejects.toMatchObject({ code: 'unavailable' })
  const again = await open(folder).catch((error: unknown) => error)
  if (again instanceof Error) expect(hasCode(again, 'unavailable')).toBe(true)
  else await (again as Awaited<ReturnType<typeof open>>).close()
  free()
  await using engine = await open(folder)
  expect(await contentOf(engine)).toEqual({ a: '1' })
})
