import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '@rollcall/runtime/testing'
import { expect, onTestFinished, test } from 'vitest'
import { DataFolder } from './data-folder.ts'

const LONG_AGO = '1'
const hasProc = existsSync('/proc/self/stat')

function setUp() {
  const parent = mkdtempSync(join(tmpdir(), 'rollcall-data-folder-'))
  onTestFinished(() => {
    rmSync(parent, { recursive: true, force: true })
  })
  const path = join(parent, 'in', 'here')
  return {
    path,
    lock: join(path, 'lock'),
    /** Leaves a lock as another process would. */
    lockedBy: async (pid: number, startedAt: string | null) => {
      await (await DataFolder.open(path)).close()
      writeFileSync(join(path, 'lock'), `${JSON.stringify({ pid, startedAt })}\n`)
    },
  }
}

/** A process that does nothing until it is killed. */
function sleeper() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const { pid } = child
  if (pid === undefined) throw new Error('The child did not start.')
  const kill = async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return { pid, startedAt: startOf(pid), kill }
}

function startOf(pid: number): string | null {
  if (!hasProc) return null
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

test('makes the folder for this user alone, and keeps a second server out until it is closed', async () => {
  const { path, lock } = setUp()
  const folder = await DataFolder.open(path)
  expect(folder.path).toBe(path)
  expect(statSync(path).mode & 0o777).toBe(0o700)
  const refusal = await DataFolder.open(path).catch((error: unknown) => error)
  expect(refusal).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(`(process ${process.pid}) uses the data folder "${path}"`),
    details: { folder: path, pid: process.pid },
  })
  await folder.close()
  await folder.close()
  expect(existsSync(lock)).toBe(false)
  await using again = await DataFolder.open(path)
  expect(again.path).toBe(path)
  expect(readdirSync(path)).toEqual(['lock'])
})

test('a server that lives is not robbed; one that was killed is succeeded', async () => {
  const { path, lockedBy } = setUp()
  const other = sleeper()
  await lockedBy(other.pid, other.startedAt)
  await expect(DataFolder.open(path)).rejects.toMatchObject({ details: { pid: other.pid } })
  await other.kill()
  await using _ = await DataFolder.open(path)
  expect(readFileSync(join(path, 'lock'), 'utf8')).toContain(`"pid":${process.pid},`)
  expect(readdirSync(path)).toEqual(['lock'])
})

test('a process that has got the id of a holder that is gone holds nothing', async () => {
  const { path, lockedBy } = setUp()
  const other = sleeper()
  await lockedBy(other.pid, LONG_AGO)
  await using folder = await DataFolder.open(path)
  expect(folder.path).toBe(path)
})

test('where the system does not say when a process started, its id must do', async () => {
  const { path, lockedBy } = setUp()
  const other = sleeper()
  await lockedBy(other.pid, null)
  await expect(DataFolder.open(path)).rejects.toMatchObject({ code: 'unavailable' })
})

test('a killed holder whose parent has not looked yet holds nothing', async () => {
  const { path, lockedBy } = setUp()
  // The shell becomes a program that never waits for the child that it has.
  const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000'])
  onTestFinished(() => {
    parent.kill('SIGKILL')
  })
  const [said] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(said.toString())
  const startedAt = startOf(pid)
  await until(
    'the shell has become sleep',
    () => {
      return readFileSync(`/proc/${parent.pid ?? 0}/comm`, 'utf8') === 'sleep\n' ? true : undefined
    },
    { withinMs: 5_000 },
  )
  await lockedBy(pid, startedAt)
  process.kill(pid, 'SIGKILL')
  await until(
    'it is a zombie',
    () => {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ') ? true : undefined
    },
    { withinMs: 5_000 },
  )
  await using folder = await DataFolder.open(path)
  expect(folder.path).toBe(path)
})

test.each(['', '{"pid":', 'null\n', '{"pid":-1,"startedAt":null}\n'])(
  'a torn lock %j holds nobody out',
  async (text) => {
    const { path, lock, lockedBy } = setUp()
    await lockedBy(1, null)
    writeFileSync(lock, text)
    await using folder = await DataFolder.open(path)
    expect(readdirSync(folder.path)).toEqual(['lock'])
  },
)

test('closing leaves alone a lock that is not its own any more', async () => {
  const { path, lock } = setUp()
  const folder = await DataFolder.open(path)
  writeFileSync(lock, 'of somebody else')
  await folder.close()
  expect(readFileSync(lock, 'utf8')).toBe('of somebody else')
})

test('a path that cannot be a folder is refused with a sentence', async () => {
  const { path, lockedBy, lock } = setUp()
  await lockedBy(1, null)
  chmodSync(lock, 0o600)
  await expect(DataFolder.open(join(lock, 'below'))).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('--data'),
    details: { folder: join(path, 'lock', 'below') },
  })
})
