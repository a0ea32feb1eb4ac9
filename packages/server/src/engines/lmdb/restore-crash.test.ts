import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seededRandom, silentLog, start, systemClock } from '@rollcall/runtime'
import { until } from '@rollcall/runtime/testing'
import { open as openDatabase } from 'lmdb'
import { expect, onTestFinished, test } from 'vitest'
import { contentOf, doAll, put } from '../../testing/engine-contract/home.ts'
import { openLmdbEngine } from './index.ts'

const SCRIPT = fileURLToPath(new URL('testing/restoring-process.ts', import.meta.url))
const OLD_KEYS = 500
const NEW_KEYS = 6_000

const open = (folder: string) =>
  openLmdbEngine({ folder, clock: systemClock, random: seededRandom(1), log: silentLog })

/** A folder with old content, after a process has died in it while it restored. */
async function folderOfDead(when: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-restore-crash-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  {
    await using engine = await open(folder)
    await doAll(engine, ...Array.from({ length: OLD_KEYS }, (_, at) => put(`old/${at}`, 'old')))
  }
  const loader = ['--import', 'tsx', '--conditions=rollcall-source']
  const child = spawn(process.execPath, [...loader, SCRIPT, folder, String(NEW_KEYS), when], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
  return folder
}

/** Looks what is there, whole or not at all, and lets the engine tidy up. */
async function lookInto(folder: string): Promise<'old' | 'new'> {
  const engine = await open(folder)
  const running = start(engine)
  const content = await contentOf(engine)
  const values = new Set(Object.values(content))
  expect(values.size).toBe(1)
  const isNew = values.has('new')
  expect(Object.keys(content)).toHaveLength(isNew ? NEW_KEYS : OLD_KEYS)
  expect(await engine.leases.timeToLive(9)).toEqual(isNew ? expect.anything() : undefined)
  const isTidy = () => !engine.status().isCleaning || undefined
  await until('nothing is left to be swept', isTidy, { withinMs: 20_000 })
  expect(Object.keys(await contentOf(engine))).toHaveLength(isNew ? NEW_KEYS : OLD_KEYS)
  await running[Symbol.asyncDispose]()
  return isNew ? 'new' : 'old'
}

async function keysInFile(folder: string): Promise<number> {
  const root = openDatabase({ path: folder, noSubdir: false })
  const keys = root.openDB({ name: 'kv', encoding: 'binary', keyEncoding: 'binary' }).getKeysCount()
  await root.close()
  return keys
}

test.each<[string, readonly ('old' | 'new')[]]>([
  ['halfway', ['old']],
  ['0', ['old']],
  ['3', ['old', 'new']],
  ['27', ['old', 'new']],
  ['done', ['new']],
])(
  'a process that dies in a restore (%s) leaves the old content or the new, whole, and the rest is swept',
  async (when, allowed) => {
    const folder = await folderOfDead(when)
    const found = await lookInto(folder)
    expect(allowed).toContain(found)
    expect(await keysInFile(folder)).toBe(found === 'new' ? NEW_KEYS : OLD_KEYS)
  },
  60_000,
)
