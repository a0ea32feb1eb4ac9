import { expect, test } from 'vitest'
import { FdSink, type FdWriter } from './fd-sink.ts'

/** A descriptor whose writes end when the test says so. */
class SlowReader implements FdWriter {
  read = ''
  pauses = 0
  roomAfterPauses = Number.POSITIVE_INFINITY
  /** What `writeSync` refuses with, while it does. */
  refusal: string | undefined
  #pending: { bytes: Buffer; done: (error: Error | null, written: number) => void } | undefined

  write(_fd: number, bytes: Buffer, done: (error: Error | null, written: number) => void): void {
    if (this.#pending !== undefined) throw new Error('Two writes at once.')
    this.#pending = { bytes, done }
  }

  writeSync(_fd: number, bytes: Buffer): number {
    if (this.refusal !== undefined) throw failure(this.refusal)
    this.read += bytes.toString()
    return bytes.length
  }

  pauseSync(): void {
    this.pauses += 1
    if (this.pauses === this.roomAfterPauses) this.refusal = undefined
  }

  get isWaiting(): boolean {
    return this.#pending !== undefined
  }

  /** Takes what is offered, or as much as `most`. */
  take(most = Number.POSITIVE_INFINITY): void {
    const { bytes, done } = this.#taken()
    const part = bytes.subarray(0, most)
    this.read += part.toString()
    done(null, part.length)
  }

  refuse(code: string): void {
    this.#taken().done(failure(code), 0)
  }

  #taken() {
    const pending = this.#pending
    if (pending === undefined) throw new Error('Nothing is being written.')
    this.#pending = undefined
    return pending
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

function setUp(waitingMaxLength = 100) {
  const reader = new SlowReader()
  return { reader, sink: new FdSink({ fd: 2, waitingMaxLength, writer: reader }) }
}

test('writes lines in order, those that came meanwhile together', () => {
  const { reader, sink } = setUp()
  sink.write('a\n')
  sink.write('b\n')
  sink.write('c\n')
  reader.take()
  expect(reader.read).toBe('a\n')
  reader.take()
  expect(reader.read).toBe('a\nb\nc\n')
  expect(reader.isWaiting).toBe(false)
})

test('goes on where a write stopped', () => {
  const { reader, sink } = setUp()
  sink.write('übung\n')
  sink.write('b\n')
  reader.take(3)
  reader.take(1)
  reader.take()
  reader.take()
  expect(reader.read).toBe('übung\nb\n')
})

test('drops lines while too much waits, then goes on', () => {
  const { reader, sink } = setUp(6)
  sink.write('in flight\n')
  sink.write('1234\n')
  sink.write('dropped\n')
  reader.take()
  reader.take()
  sink.write('longer than the limit\n')
  reader.take()
  expect(reader.read).toBe('in flight\n1234\nlonger than the limit\n')
})

test('asks a full pipe again with the next line, and tears no line', () => {
  const { reader, sink } = setUp()
  sink.write('first\n')
  reader.take(2)
  reader.refuse('EAGAIN')
  expect(reader.isWaiting).toBe(false)
  sink.write('second\n')
  reader.take()
  expect(reader.read).toBe('first\nsecond\n')
})

test('loses lines to a full disk and nothing else', () => {
  const { reader, sink } = setUp()
  sink.write('lost\n')
  sink.write('kept\n')
  reader.refuse('ENOSPC')
  reader.take()
  sink.write('later\n')
  reader.take()
  expect(reader.read).toBe('kept\nlater\n')
})

test('at the end writes what waits, at most once', () => {
  const { reader, sink } = setUp()
  sink.write('in flight\n')
  sink.write('waiting\n')
  sink.flushSync()
  sink.flushSync()
  expect(reader.read).toBe('waiting\n')
})

test.each([
  { refusal: 'EPIPE', pauses: 0 },
  { refusal: 'ENOSPC', pauses: 0 },
  { refusal: 'EAGAIN', pauses: 100 },
])('at the end gives up on $refusal after $pauses pauses', ({ refusal, pauses }) => {
  const { reader, sink } = setUp()
  sink.write('in flight\n')
  sink.write('waiting\n')
  reader.refusal = refusal
  sink.flushSync()
  expect(reader).toMatchObject({ read: '', pauses })
})

test('at the end waits for a full pipe', () => {
  const { reader, sink } = setUp()
  sink.write('in flight\n')
  sink.write('waiting\n')
  reader.refusal = 'EAGAIN'
  reader.roomAfterPauses = 3
  sink.flushSync()
  expect(reader).toMatchObject({ read: 'waiting\n', pauses: 3 })
})
