import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { standardIo } from './standard-io.ts'

function setUp() {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const failures: Error[] = []
  const fail = (error: Error) => failures.push(error)
  const textOf = (stream: PassThrough) => (stream.read() as Buffer | null)?.toString() ?? ''
  return { stdout, stderr, io: standardIo({ stdout, stderr, fail }), textOf, failures }
}

const brokenPipe = () => Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })

test('writes lines, and shows what would steer the terminal', () => {
  const { stdout, stderr, io, textOf } = setUp()

  io.out('a')
  io.out('b\u001b[2J')
  io.err('c\u0007')

  expect(textOf(stdout)).toBe('a\nb\\u001b[2J\n')
  expect(textOf(stderr)).toBe('c\\u0007\n')
})

test('writes bytes as they are, but no more of them than somebody reads', async () => {
  const { stdout, io } = setUp()
  const bytes = Buffer.from([0, 255, 27, 10])
  await io.bytes(bytes)
  expect(stdout.read()).toEqual(bytes)

  stdout.emit('error', brokenPipe())
  await io.bytes(bytes)
  expect(stdout.read()).toBeNull()
})

test('a reader that went away ends the output quietly', () => {
  const { stdout, io, textOf } = setUp()
  expect(io.outputGone.aborted).toBe(false)

  stdout.emit('error', brokenPipe())
  io.out('into the void')

  expect(io.outputGone.aborted).toBe(true)
  expect(textOf(stdout)).toBe('')
})

test('a reader of stderr that went away ends nothing', () => {
  const { stdout, stderr, io, textOf } = setUp()

  stderr.emit('error', brokenPipe())
  io.out('a')

  expect(io.outputGone.aborted).toBe(false)
  expect(textOf(stdout)).toBe('a\n')
})

test('output that cannot be written ends the process', () => {
  const { stdout, io, failures } = setUp()
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  stdout.emit('error', full)
  expect(failures).toEqual([full])
  expect(io.outputGone.aborted).toBe(false)
})
