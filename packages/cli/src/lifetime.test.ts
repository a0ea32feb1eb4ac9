import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { until } from '@rollcall/runtime/testing'
import { openLifetime } from './lifetime.ts'

function setUp({ parentPipe }: { parentPipe?: PassThrough } = {}) {
  const process = new EventEmitter()
  const reader = new AbortController()
  const exits: number[] = []
  const lifetime = openLifetime({
    process,
    parentPipe,
    outputGone: reader.signal,
    exitAtOnce: (code) => exits.push(code),
  })
  return { process, reader, exits, lifetime }
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])('ends at %s', (name) => {
  const { process, exits, lifetime } = setUp()
  expect(lifetime.signal.aborted).toBe(false)

  process.emit(name)

  expect(lifetime.signal.aborted).toBe(true)
  expect(exits).toEqual([])
})

test('the second SIGINT ends the process at once, a SIGINT after SIGTERM does not', () => {
  const { process, exits } = setUp()

  process.emit('SIGTERM')
  process.emit('SIGINT')
  expect(exits).toEqual([])

  process.emit('SIGINT')
  expect(exits).toEqual([130])
})

test('gives the signals back', () => {
  const { process, lifetime } = setUp()

  lifetime[Symbol.dispose]()

  expect(process.eventNames()).toEqual([])
  process.emit('SIGTERM')
  expect(lifetime.signal.aborted).toBe(false)
})

test('ends with the parent, whatever it wrote before', async () => {
  const parentPipe = new PassThrough()
  const { lifetime } = setUp({ parentPipe })
  parentPipe.write('hello\n')
  await until('the pipe was read', () => (parentPipe.readableLength === 0 ? true : undefined), {
    withinMs: 5_000,
  })
  expect(lifetime.signal.aborted).toBe(false)

  parentPipe.end()

  await until('the lifetime ended', () => lifetime.signal.aborted || undefined, { withinMs: 5_000 })
})

test('ends with a parent whose pipe broke, or was gone before', () => {
  const broken = new PassThrough()
  const gone = new PassThrough()
  gone.destroy()
  const first = setUp({ parentPipe: broken })
  expect(setUp({ parentPipe: gone }).lifetime.signal.aborted).toBe(true)

  broken.emit('error', new Error('EIO'))

  expect(first.lifetime.signal.aborted).toBe(true)
})

test('lets go of the pipe, which would keep the process alive', () => {
  const parentPipe = new PassThrough()
  const { lifetime } = setUp({ parentPipe })

  lifetime[Symbol.dispose]()

  expect(parentPipe.destroyed).toBe(true)
  expect(lifetime.signal.aborted).toBe(false)
})

test('ends when nobody reads the output', () => {
  const { reader, lifetime } = setUp()
  reader.abort()
  expect(lifetime.signal.aborted).toBe(true)
})
