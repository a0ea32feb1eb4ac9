/**
 * Who has the file open. LMDB lets any number of processes write to one file, and two catalogs
 * over it would each believe its own leases and revisions.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import type { Buffer } from 'node:buffer'

export interface Owner {
  readonly pid: number
  /** Of the machine's start, since ids begin anew with it; null where the system does not say. */
  readonly bootId: string | null
  /** Of the process, in ticks, since ids are used again; null where the system does not say. */
  readonly startedAt: string | null
}

export function thisProcess(): Owner {
  const bootId = textOf('/proc/sys/kernel/random/boot_id')?.trim() ?? null
  return { pid: process.pid, bootId, startedAt: look(process.pid)?.startedAt ?? null }
}

/** Answers undefined for a record that names nobody. */
export function decodeOwner(bytes: Buffer): Owner | undefined {
  try {
    const owner = JSON.parse(bytes.toString()) as Owner
    return Number.isInteger(owner.pid) && owner.pid > 0 ? owner : undefined
  } catch {
    return undefined
  }
}

/** Whether the process that wrote this is still there, on this machine and since then. */
export function isAlive(owner: Owner): boolean {
  if (owner.bootId !== thisProcess().bootId || !isTaken(owner.pid)) return false
  const seen = look(owner.pid)
  // Where the system does not show other users' processes, one that exists must be believed.
  if (!seen || owner.startedAt === null) return true
  return seen.startedAt === owner.startedAt && !seen.isEnded
}

function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** What the system says of a process; undefined where it says nothing. */
function look(pid: number): { readonly startedAt: string; readonly isEnded: boolean } | undefined {
  const text = textOf(`/proc/${pid}/stat`)
  // The second field is the program's name in brackets and may hold anything.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state] = fields ?? []
  const startedAt = fields?.[19]
  if (state === undefined || startedAt === undefined) return undefined
  return { startedAt, isEnded: state === 'Z' || state === 'X' }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
