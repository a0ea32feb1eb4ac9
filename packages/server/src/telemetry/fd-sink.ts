/**
 * Writes log lines to a file descriptor without ever waiting for whoever reads it: a reader
 * that stalls must not stall the registry, and one that is gone must not keep it from ending.
 *
 * Pino's own destination does the first and not the second: its flush at exit tries forever
 * when the reader is gone or the disk is full (sonic-boom 4.2.1, `flushSync`).
 *
 * @module
 */

import { write, writeSync } from 'node:fs'

/** Where lines go. */
export interface LogSink {
  /** Takes one line, with its line end. */
  write(line: string): void
}

/** What is used of node:fs, and a pause that blocks. */
export interface FdWriter {
  write(fd: number, bytes: Buffer, done: (error: Error | null, written: number) => void): void
  writeSync(fd: number, bytes: Buffer): number
  pauseSync(ms: number): void
}

export interface FdSinkOptions {
  readonly fd: number
  /** Characters that may wait; while there are more, lines are dropped. One line always fits. */
  readonly waitingMaxLength?: number
  readonly writer?: FdWriter
}

const WAITING_MAX_LENGTH = 1_048_576
const NOTHING = Buffer.alloc(0)
/** At the end of the process a reader has a second to make room. */
const PAUSES_MAX = 100
const PAUSE_MS = 10

const nodeWriter: FdWriter = {
  write,
  writeSync,
  pauseSync(ms) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
  },
}

/** Keeps lines in order, one write at a time, and drops lines rather than grow. */
export class FdSink implements LogSink {
  readonly #fd: number
  readonly #waitingMaxLength: number
  readonly #writer: FdWriter
  /** Lines that came while others were being written. */
  #waiting = ''
  /** What a full pipe did not take; it goes before anything else, or a line would be torn. */
  #left: Buffer = NOTHING
  #isWriting = false

  constructor({ fd, waitingMaxLength = WAITING_MAX_LENGTH, writer = nodeWriter }: FdSinkOptions) {
    this.#fd = fd
    this.#waitingMaxLength = waitingMaxLength
    this.#writer = writer
  }

  write(line: string): void {
    if (this.#waiting !== '' && this.#waiting.length + line.length > this.#waitingMaxLength) return
    this.#waiting += line
    if (!this.#isWriting) this.#writeOn(this.#take())
  }

  /** Writes what waits, at the end of the process. Gives up after a second, or when nobody reads. */
  flushSync(): void {
    let bytes = this.#take()
    for (let pauses = 0; bytes.length > 0 && pauses < PAUSES_MAX;) {
      try {
        bytes = bytes.subarray(this.#writer.writeSync(this.#fd, bytes))
      } catch (error) {
        // The process ends now, and there is no other place to say that lines are lost.
        if (!isFull(error)) return
        this.#writer.pauseSync(PAUSE_MS)
        pauses += 1
      }
    }
  }

  #take(): Buffer {
    const bytes = Buffer.concat([this.#left, Buffer.from(this.#waiting)])
    this.#left = NOTHING
    this.#waiting = ''
    return bytes
  }

  #writeOn(bytes: Buffer): void {
    this.#isWriting = true
    this.#writer.write(this.#fd, bytes, (error, written) => {
      if (error === null && written < bytes.length) {
        this.#writeOn(bytes.subarray(written))
        return
      }
      this.#isWriting = false
      // Asking a full pipe again at once would spin, so the next line asks. After any other
      // failure these lines are lost: a full disk costs lines and not the node.
      if (isFull(error)) this.#left = bytes
      else if (this.#waiting !== '') this.#writeOn(this.#take())
    })
  }
}

/** Says whether a pipe was full, which passes. */
function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN'
}
