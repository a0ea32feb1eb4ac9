/**
 * Opening the file: what is in the folder, whose it is, and where it stood.
 *
 * @module
 */

import { join, resolve } from 'node:path'
import { RegistryError } from '@rollcall/protocol/errors'
import type { Clock } from '@rollcall/runtime'
import { checkFolder, foreign } from './file-check.ts'
import { isAlive, thisProcess } from './owner.ts'
import { FIRST_STATE, FORMAT, type StoredState } from './state.ts'
import { Store } from './store.ts'

// LMDB's locks are a process's: opened twice in one, a file would be damaged by closing it once.
const openHere = new Set<string>()

export interface Opened {
  readonly folder: string
  readonly store: Store
  readonly state: StoredState
}

/** Throws `unavailable` when the folder cannot be used, and leaves it as it was. */
export async function openFolder(path: string, io: Clock): Promise<Opened> {
  const folder = resolve(path)
  if (openHere.has(folder)) throw inUse(folder, process.pid)
  openHere.add(folder)
  try {
    return await openChecked(folder, io)
  } catch (error) {
    openHere.delete(folder)
    if (error instanceof RegistryError || !isSystemError(error)) throw error
    const message = `The folder "${folder}" cannot be used (${error.message}); make it writable and make room on its disk.`
    throw new RegistryError('unavailable', message, { details: { folder }, cause: error })
  }
}

/** To be called when the store is closed. */
export function forgetFolder(folder: string): void {
  openHere.delete(folder)
}

async function openChecked(folder: string, io: Clock): Promise<Opened> {
  const file = join(folder, 'data.mdb')
  const isNew = await checkFolder(folder, io)
  const store = Store.open(folder, { isNew })
  if (!store) throw foreign(file)
  try {
    const state = store.state() ?? FIRST_STATE
    if (state === 'unreadable' || state.format !== FORMAT) throw foreign(file)
    const holder = store.takeOwnership(thisProcess(), isAlive)
    if (holder) throw inUse(folder, holder.pid)
    return { folder, store, state }
  } catch (error) {
    await store.close()
    throw error
  }
}

function inUse(folder: string, pid: number): RegistryError {
  const who = pid === process.pid ? 'This process itself' : `Another process (${pid})`
  const message = `${who} has the catalog in "${folder}" open; stop it, or choose another folder with --data.`
  return new RegistryError('unavailable', message, { details: { folder, pid } })
}

/** Of the operating system, or of LMDB, which has numbers for codes. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && ('syscall' in error || 'code' in error)
}
