/**
 * The folder in which a server keeps what must survive a restart, and the lock that keeps a
 * second server out of it.
 *
 * The lock is a file that names its holder: a process id, and when that process started,
 * since ids are used again. A holder that was killed leaves it behind, and the next server
 * takes it over. Servers in different containers do not see each other's processes, so the
 * lock does not keep those apart: give each its own folder.
 *
 * @module
 */

import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { RegistryError } from '@rollcall/protocol/errors'

const LOCK = 'lock'

/** Who holds a lock. */
interface Holder {
  readonly pid: number
  /** Ticks of the machine's uptime, as the system writes them; null where it does not say. */
  readonly startedAt: string | null
}

/** A folder that is this process's alone until it is closed. */
export class DataFolder implements AsyncDisposable {
  readonly path: string
  readonly #lock: string
  readonly #text: string

  private constructor(path: string, text: string) {
    this.path = path
    this.#lock = join(path, LOCK)
    this.#text = text
  }

  /**
   * Makes the folder, for this user alone, if it is not there, and locks it. Throws
   * `unavailable` when another server holds it or the folder cannot be used.
   */
  static async open(path: string): Promise<DataFolder> {
    const folder = resolve(path)
    const pid = process.pid
    const holder: Holder = { pid, startedAt: (await look(pid))?.startedAt ?? null }
    const text = `${JSON.stringify(holder)}\n`
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await lock(folder, text)
    } catch (error) {
      if (!isSystemError(error)) throw error
      const message = `The data folder "${folder}" cannot be used (${error.message}); make it writable, or choose another with --data.`
      throw new RegistryError('unavailable', message, { details: { folder }, cause: error })
    }
    return new DataFolder(folder, text)
  }

  /** Gives the lock back, once; a lock that is not ours any more is left alone. */
  async close(): Promise<void> {
    if ((await textOf(this.#lock)) === this.#text) await rm(this.#lock, { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Several servers may try at once: only what the file system does in one step decides. */
async function lock(folder: string, text: string): Promise<void> {
  const path = join(folder, LOCK)
  const ours = `${path}.${process.pid}`
  await writeWhole(ours, text)
  try {
    while (!(await linked(ours, path))) await takeAway(folder, path)
  } finally {
    await rm(ours, { force: true })
  }
}

/** Removes a lock whose holder is gone. Throws `unavailable` when it is not. */
async function takeAway(folder: string, path: string): Promise<void> {
  const text = await textOf(path)
  if (text === undefined) return
  const holder = holderOf(text)
  if (holder && (await lives(holder))) throw inUse(folder, holder)
  const stale = `${path}.stale-${process.pid}`
  await moved(path, stale)
  const taken = await textOf(stale)
  // Somebody was faster: what we took is the new holder's lock, and has to go back.
  if (taken !== undefined && taken !== text) await linked(stale, path)
  await rm(stale, { force: true })
}

function inUse(folder: string, { pid }: Holder): RegistryError {
  const message = `Another server (process ${pid}) uses the data folder "${folder}"; stop it, or choose another folder with --data.`
  return new RegistryError('unavailable', message, { details: { folder, pid } })
}

/** An empty or torn lock, as a loss of power leaves it, names nobody. */
function holderOf(text: string): Holder | undefined {
  const [, pid, startedAt] =
    /^\{"pid":(\d{1,10}),"startedAt":(?:"(\d+)"|null)\}\n$/.exec(text) ?? []
  return pid === undefined ? undefined : { pid: Number(pid), startedAt: startedAt ?? null }
}

async function lives({ pid, startedAt }: Holder): Promise<boolean> {
  if (!isTaken(pid)) return false
  const seen = await look(pid)
  // Where the system does not show other users' processes, one that exists must be believed.
  if (!seen || startedAt === null) return true
  return seen.startedAt === startedAt && !seen.ended
}

function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isSystemError(error) && error.code === 'EPERM'
  }
}

interface Seen {
  readonly startedAt: string
  /** Killed, though its parent has not looked yet. */
  readonly ended: boolean
}

/** What the system says of a process; undefined where it says nothing. */
async function look(pid: number): Promise<Seen | undefined> {
  const text = await textOf(`/proc/${pid}/stat`)
  // The second field is the program's name in brackets and may hold anything.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  const state = fields?.[0]
  const startedAt = fields?.[19]
  if (state === undefined || startedAt === undefined) return undefined
  return { startedAt, ended: state === 'Z' || state === 'X' }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The text of a file; undefined where there is none. A process may end while it is looked at. */
async function textOf(path: string): Promise<string | undefined> {
  return await unless(['ENOENT', 'ESRCH'], undefined, () => readFile(path, 'utf8'))
}

/** Answers false when there is one already. */
async function linked(from: string, to: string): Promise<boolean> {
  return await unless(['EEXIST'], false, () => link(from, to).then(() => true))
}

async function moved(from: string, to: string): Promise<boolean> {
  return await unless(['ENOENT'], false, () => rename(from, to).then(() => true))
}

async function unless<T>(codes: readonly string[], otherwise: T, act: () => Promise<T>) {
  try {
    return await act()
  } catch (error) {
    if (isSystemError(error) && codes.includes(error.code ?? '')) return otherwise
    throw error
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
