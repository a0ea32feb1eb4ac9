import { expect, test } from 'vitest'
import { parseH2load } from './h2load.ts'

const printed = ({ failed = 0, not2xx = 0, succeeded = 61_728 } = {}) => `starting benchmark...
spawning thread #0: 64 total client(s). Timing-based test with 0s of warm-up time.
Main benchmark duration is started for thread #0.

finished in 5.00s, 12345.60 req/s, 3.21MB/s
requests: 61728 total, 61792 started, 61728 done, ${succeeded} succeeded, ${failed} failed, 0 errored, 0 timeout
status codes: 61728 2xx, 0 3xx, ${not2xx} 4xx, 0 5xx
traffic: 16.06MB (16840000) total, 1.18MB (1234560) headers (space savings 95.50%), 12.00MB (12345600) data
                     min         max         mean         sd        +/- sd
time for request:      312us     12.04ms      2.10ms       980us    71.00%
`

test('reads requests a second and the size of an average answer', () => {
  expect(parseH2load(printed())).toEqual({
    perSecond: 12_345.6,
    requests: 61_728,
    dataBytesEach: 200,
  })
})

test('a failed request or another status spoils the run', () => {
  expect(() => parseH2load(printed({ failed: 1 }))).toThrow('failed')
  expect(() => parseH2load(printed({ not2xx: 1 }))).toThrow('failed')
  expect(() => parseH2load(printed({ succeeded: 0 }))).toThrow('failed')
})

test('an output of another form is told', () => {
  expect(() => parseH2load('spawning thread #0')).toThrow('did not print')
})
