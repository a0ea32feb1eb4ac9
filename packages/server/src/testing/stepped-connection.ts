import { Writable } from 'node:stream'

/** A connection whose client takes what it was sent when it is told to. */
export class SteppedConnection extends Writable {
  /** All that was taken. */
  text = ''
  #waiting: (() => void) | undefined

  constructor() {
    super({ highWaterMark: 256 })
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString()
    this.#waiting = done
  }

  /** Answers whether there was anything to take. */
  take(): boolean {
    const done = this.#waiting
    this.#waiting = undefined
    done?.()
    return done !== undefined
  }
}
