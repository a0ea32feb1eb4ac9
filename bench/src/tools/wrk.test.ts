import { expect, test } from 'vitest'
import { parseWrk } from './wrk.ts'

const said = (more: Record<string, number>) => {
  const errors = { connect: 0, read: 0, write: 0, status: 0, timeout: 0 }
  const figures = { requests: 20_000, us: 2_000_000, bytes: 4_000_000, p50: 1_500, p99: 9_000 }
  return `Running 2s test\n  1 threads and 64 connections\nfigures ${JSON.stringify({ ...figures, ...errors, ...more })}\n`
}

test('reads the figures that the script prints', () => {
  expect(parseWrk(said({}))).toEqual({
    perSecond: 10_000,
    requests: 20_000,
    bytesPerSecond: 2_000_000,
    p50Ms: 1.5,
    p99Ms: 9,
  })
})

test.each(['connect', 'read', 'write', 'status', 'timeout'])(
  'one error of kind %s spoils the run',
  (kind) => {
    expect(() => parseWrk(said({ [kind]: 1 }))).toThrow('failed')
  },
)

test('no request at all, or no figures, is no measurement', () => {
  expect(() => parseWrk(said({ requests: 0 }))).toThrow('failed')
  expect(() => parseWrk('unable to connect')).toThrow('did not print')
})
