import { expect, test } from 'vitest'
import { registrationsOf, type Survey } from './registrations.ts'
import { lookAtLines, reportLines } from './report.ts'
import { socketOn, surveyOf } from './testing/surveys.ts'

function report(survey: Survey) {
  return reportLines(survey, registrationsOf(survey))
}

test('tells of the machine and, in columns, of its services', () => {
  const sockets = [
    socketOn(80, { name: 'nginx', pid: 7, user: 'root', command: 'nginx: master' }),
    socketOn(8080, { address: '127.0.0.1', command: `/opt/api ${'x'.repeat(80)}` }),
  ]
  expect(report(surveyOf(sockets))).toEqual([
    'box: 4 cores, 8.0 GiB memory, Debian GNU/Linux 12 (bookworm), kernel 6.1.0 x64',
    'Addresses: 192.0.2.5, 2001:db8::5',
    '',
    'SERVICE  INSTANCE  BIND       PID  USER  COMMAND',
    'nginx    box:80    0.0.0.0    7    root  nginx: master',
    `api      box:8080  127.0.0.1  100  www   /opt/api ${'x'.repeat(50)}…`,
  ])
})

test('stays short on a busy machine', () => {
  const lines = report(surveyOf(Array.from({ length: 100 }, (_, at) => socketOn(at + 1))))
  expect(lines).toHaveLength(4 + 25 + 1)
  expect(lines.at(-1)).toBe('… and 75 more')
})

test('says what it could not see', () => {
  expect(report(surveyOf([], 2)).at(-1)).toBe(
    'Left out: 2 listening sockets whose process cannot be seen from here.',
  )
  const { machine } = surveyOf([])
  const scan = { sockets: [], withoutProcess: 0, readable: false }
  expect(report({ machine, scan }).at(-1)).toContain('no /proc/net/tcp')
})

test('points at the registry, with one slash', () => {
  expect(lookAtLines('http://127.0.0.1:7070/')).toEqual([
    'Look at:',
    '  http://127.0.0.1:7070/registry/v1/services',
    '  http://127.0.0.1:7070/docs',
    '  http://127.0.0.1:7070/metrics',
  ])
})
