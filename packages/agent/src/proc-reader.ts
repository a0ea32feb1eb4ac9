/**
 * The few ways in which the agent looks at `/proc`. Whatever cannot be read (another user's
 * process, one that has just ended, a system without `/proc`) is undefined, never an error:
 * the agent leaves out what it cannot see.
 *
 * @module
 */

import { closeSync, openSync, readFileSync, readSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

export interface ProcReader {
  /** Reads a whole file, given its path below the root. */
  text(path: string): string | undefined
  /** Reads the lines of `net/tcp` or `net/tcp6` that can hold listening sockets. */
  listenerTable(path: string): string | undefined
  /** Lists the names in a folder. */
  names(path: string): readonly string[] | undefined
  /** Reads where a symbolic link points. */
  link(path: string): string | undefined
}

// No such file or process, not allowed, not a folder, not a link.
const UNREADABLE: ReadonlySet<unknown> = new Set([
  'ENOENT',
  'ESRCH',
  'EACCES',
  'EPERM',
  'ENOTDIR',
  'EINVAL',
])

const CHUNK_BYTES = 65_536
const LISTENING = ' 0A '

/**
 * Reads below a root folder, `/proc` itself unless a test has built its own.
 *
 * Reading is synchronous on purpose: these files live in the kernel's memory, and a trip to
 * the thread pool costs ten times the read. Whoever reads thousands of them yields between.
 */
export function procReader(root = '/proc'): ProcReader {
  return {
    text: (path) => unlessUnreadable(() => readFileSync(join(root, path), 'utf8')),
    listenerTable: (path) => unlessUnreadable(() => readListenerTable(join(root, path))),
    names: (path) => unlessUnreadable(() => readdirSync(join(root, path))),
    link: (path) => unlessUnreadable(() => readlinkSync(join(root, path))),
  }
}

/**
 * The kernel lists listening sockets first and connections after them (its
 * `proc_net_tcp.rst`). With 50,000 connections that is 7 MB of no use, so this stops at the
 * first chunk's worth of text that has no listener in it.
 */
function readListenerTable(path: string): string {
  const file = openSync(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    let text = ''
    let searchedTo = 0
    for (;;) {
      const size = readSync(file, chunk)
      if (size === 0) return text
      text += chunk.toString('latin1', 0, size)
      if (text.length - searchedTo < CHUNK_BYTES) continue
      if (!text.includes(LISTENING, searchedTo)) return text
      searchedTo = text.length - LISTENING.length
    }
  } finally {
    closeSync(file)
  }
}

function unlessUnreadable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'code' in error && UNREADABLE.has(error.code)) return undefined
    throw error
  }
}
