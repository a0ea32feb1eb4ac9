import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { seededRandom, silentLog, systemClock } from '@rollcall/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { contentOf, watched } from '../../testing/engine-contract/home.ts'
import { Model } from '../../testing/engine-contract/model.ts'
import { openLmdbEngine } from './index.ts'

const SCRIPT = fileURLToPath(new URL('testing/committing-process.ts', import.meta.url))
const ROUNDS = 4
const SEED = 5

/** What was answered before the kill: per writer its last number, and the greatest revision. */
interface Said {
  readonly numbers: Map<string, number>
  revision: number
  refused: number
}

test('a process that is killed at any moment has kept all that it answered, and nothing by half', async () => {
  const random = seededRandom(SEED)
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-crash-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const said: Said = { numbers: new Map(), revision: 0, refused: 0 }
  for (let round = 0; round < ROUNDS; round += 1) {
    await runAndKill(folder, said, 1 + Math.floor(random() * 400))
    await check(folder, said)
  }
  expect(said.refused).toBe(0)
  expect(said.revision).toBeGreaterThan(ROUNDS)
}, 120_000)

/** Kills the process right after so many answers. */
async function runAndKill(folder: string, said: Said, answers: number): Promise<void> {
  const loader = ['--import', 'tsx', '--conditions=rollcall-source']
  const child = spawn(process.execPath, [...loader, SCRIPT, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const exited = once(child, 'exit')
  let left = answers
  for await (const line of createInterface({ input: child.stdout })) {
    const [writer = '', number, revision, succeeded] = line.split(' ')
    said.numbers.set(writer, Number(number))
    said.revision = Math.max(said.revision, Number(revision))
    if (succeeded !== 'true') said.refused += 1
    left -= 1
    if (left === 0) child.kill('SIGKILL')
  }
  const [, signal] = (await exited) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
}

async function check(folder: string, said: Said): Promise<void> {
  const options = { folder, clock: systemClock, random: seededRandom(SEED), log: silentLog }
  await using engine = await openLmdbEngine(options)
  const revision = await engine.revision()
  expect(revision).toBeGreaterThanOrEqual(said.revision)
  const content = await contentOf(engine)
  for (const [writer, number] of said.numbers) {
    const last = Number(content[`left/${writer}`])
    expect(last).toBeGreaterThanOrEqual(number)
    expect(content[`right/${writer}`]).toBe(String(last))
    const numbers = Object.keys(content).filter((key) => key.startsWith(`n/${writer}/`))
    expect(numbers).toHaveLength(last)
  }
  const followed = new Model()
  const batches = await watched(engine, 1, revision)
  expect(batches.map((batch) => batch.revision)).toEqual(batches.map((_, at) => at + 1))
  for (const batch of batches) followed.follow(batch)
  expect([...followed.entries.keys()].sort()).toEqual(Object.keys(content).sort())
}
