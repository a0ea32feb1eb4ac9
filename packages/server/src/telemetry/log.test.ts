import { RegistryError } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { createLog, type LogLevel } from './log.ts'

function setUp(level: LogLevel = 'debug') {
  const lines: string[] = []
  const sink = { write: (line: string) => void lines.push(line) }
  const log = createLog({ level, fields: { node: 'n-1' }, sink })
  const entries = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { lines, entries, log }
}

test('writes one line of JSON with level, time, facts and message', () => {
  const { lines, entries, log } = setUp()
  log.info({ count: 3 }, 'evicted lapsed instances')
  expect(lines[0]).toMatch(/^\{.*\}\n$/)
  expect(entries()).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      node: 'n-1',
      count: 3,
      msg: 'evicted lapsed instances',
    },
  ])
})

test.each([
  ['error', ['error']],
  ['warn', ['error', 'warn']],
  ['info', ['error', 'warn', 'info']],
  ['debug', ['error', 'warn', 'info', 'debug']],
] as const)('at level %s writes %j', (level, written) => {
  const { entries, log } = setUp(level)
  log.error({}, 'm')
  log.warn({}, 'm')
  log.info({}, 'm')
  log.debug({}, 'm')
  expect(entries().map((entry) => entry['level'])).toEqual(written)
})

test('masks tokens and authorization headers, also inside', () => {
  const { lines, log } = setUp()
  const secret = 'hunter2'
  log.info({ token: secret, authorization: secret }, 'flat')
  log.info({ config: { token: secret }, headers: { authorization: secret } }, 'inside')
  log.info({ req: { headers: { authorization: secret, Authorization: secret } } }, 'deeper')
  expect(lines.join('')).not.toContain(secret)
  expect(lines).toHaveLength(3)
})

test.each(['err', 'error'])('shows an error in the field %s with code and cause', (field) => {
  const { entries, log } = setUp()
  const cause = new Error('disk full')
  log.error({ [field]: new RegistryError('unavailable', 'Cannot write.', { cause }) }, 'failed')
  expect(entries()[0]?.[field]).toMatchObject({
    message: 'Cannot write.: disk full',
    code: 'unavailable',
    stack: expect.stringContaining('disk full'),
  })
})
