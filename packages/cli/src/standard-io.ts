/**
 * The terminal, or the pipe, that the process writes to.
 *
 * @module
 */

import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { Io } from './context.ts'
import { plainText } from './output.ts'

export interface StandardIo extends Io {
  /** Aborts when the reader of stdout is gone (`rollcall watch … | head`). */
  readonly outputGone: AbortSignal
}

export interface StandardStreams {
  readonly stdout: Writable & { readonly isTTY?: boolean }
  readonly stderr: Writable
  /** Ends the process: what it has to say cannot be written, as on a full disk. */
  readonly fail: (error: Error) => void
}

/** Writes lines to these streams. That nobody reads them any more is no error. */
export function standardIo({ stdout, stderr, fail }: StandardStreams): StandardIo {
  const isTerminal = stdout.isTTY === true
  const outputGone = new AbortController()
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') outputGone.abort()
    else fail(error)
  })
  stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return {
    out(line) {
      if (!outputGone.signal.aborted) stdout.write(`${plainText(line)}\n`)
    },
    async bytes(bytes) {
      const { signal } = outputGone
      if (signal.aborted || stdout.write(bytes)) return
      // Whoever has gone away takes no more, and that is no error here.
      await once(stdout, 'drain', { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
    },
    isTerminal,
    err(line) {
      stderr.write(`${plainText(line)}\n`)
    },
    outputGone: outputGone.signal,
  }
}
