import { randomUUID } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, silentLog, systemClock } from '@rollcall/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { createMemoryEngine } from '../../engines/memory/index.ts'
import { backupOf, fileOf, inPieces } from '../../testing/backup-files.ts'
import { contentOf, doAll, put } from '../../testing/engine-contract/home.ts'
import { runRestore, type Step } from './restore-run.ts'

const entry = (at: number) => ({ k: `k/${String(at).padStart(5, '0')}`, v: 'bmV3' })
const FILE = fileOf(Array.from({ length: 5_000 }, (_, at) => entry(at)))

async function setUp() {
  const folder = join(tmpdir(), `rollcall-spool-${randomUUID()}`)
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const engine = createMemoryEngine({
    clock: systemClock,
    random: seededRandom(1),
    log: silentLog,
  })
  await doAll(engine, put('k/old', 'old'))
  const run = (onStep: (step: Step) => void) =>
    runRestore(inPieces(FILE, 10_000), {
      engine,
      clock: systemClock,
      folder,
      isDryRun: false,
      bytes: FILE.length,
      signal: new AbortController().signal,
      onStep,
    })
  return { engine, folder, run }
}

test('the steps come in their order, and progress only grows', async () => {
  const { run, engine } = await setUp()
  const steps: Step[] = []
  const { count, replaced } = await run((step) => steps.push(step))
  expect([count, replaced?.generation]).toEqual([5_000, 2])
  const states = steps.map(({ state }) => state).filter((state, at, all) => state !== all[at - 1])
  expect(states).toEqual(['verifying', 'writing', 'flipping'])
  for (const state of ['verifying', 'writing']) {
    const shares = steps.flatMap((step) => (step.state === state ? (step.progress ?? 0) : []))
    expect(shares).toEqual(shares.toSorted((left, right) => left - right))
    expect(shares.at(-1)).toBe(1)
  }
  expect(Object.keys(await contentOf(engine))).toHaveLength(5_000)
})

test.each<[string, string, (file: Buffer) => Buffer]>([
  ['other bytes than', 'checksum', (file) => Buffer.from(file.toString().replace('bmV3', 'b2xk'))],
  ['less than', 'truncated', (file) => file.subarray(0, file.lastIndexOf('{"end"'))],
])('a disk that gives back %s it took leaves the old content', async (_, reason, spoilt) => {
  const { run, engine, folder } = await setUp()
  const before = await backupOf(engine)
  // Between the check and the writing: what was sound is no more.
  engine.checkRoom = async () => {
    const path = join(folder, 'upload.ndjson')
    await writeFile(path, spoilt(await readFile(path)))
  }
  await expect(run(() => {})).rejects.toMatchObject({
    code: 'invalid_backup',
    details: { reason },
  })
  expect(await backupOf(engine)).toEqual(before)
})
