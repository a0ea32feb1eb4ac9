import { isName, RESERVED_PREFIX } from '@rollcall/protocol'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { processName, serviceName, toName } from './service-name.ts'

test.each([
  ['nginx', 'nginx'],
  ['python3.11', 'python3.11'],
  ['node', 'node'],
  ['(sd-pam)', 'sd-pam'],
  ['nginx: worker process', 'nginx:-worker-process'],
  ['Web Content', 'Web-Content'],
  ['/usr/sbin/sshd', 'usr/sbin/sshd'],
  ['a..b...c', 'a.b.c'],
  ['tmux: server', 'tmux:-server'],
  ['--', 'unnamed'],
  ['', 'unnamed'],
  ['服务', 'unnamed'],
  ['infra.machine', 'infra-machine'],
  ['infra.', 'infra'],
  ['infra', 'infra'],
])('a process called %j is the service %j', (process, service) => {
  expect(serviceName(process)).toBe(service)
})

const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  // Mostly legal, with all that the grammar forbids in places.
  fc.string({ unit: fc.constantFrom('a', 'Z', '.', '-', '/', ':', '_', ' ', 'é'), maxLength: 200 }),
  fc.string({ maxLength: 8 }).map((rest) => RESERVED_PREFIX + rest),
)

test('any process gets a legal name that is not reserved, and the same when named twice', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const name = serviceName(text)
      expect(isName(name)).toBe(true)
      expect(name.startsWith(RESERVED_PREFIX)).toBe(false)
      expect(serviceName(name)).toBe(name)
    }),
    { numRuns: 2_000 },
  )
})

test('keeps a name within the length that it is given', () => {
  expect(toName('a'.repeat(200))).toHaveLength(128)
  expect(toName('abc.def', 4)).toBe('abc')
})

test('completes a name that the kernel cut', () => {
  const program = '/usr/bin/kube-controller-manager'
  expect(processName('kube-controller', program)).toBe('kube-controller-manager')
  expect(processName('kube-controller', '/bin/other')).toBe('kube-controller')
  expect(processName('kube-controller', undefined)).toBe('kube-controller')
})

test('takes the file name where the kernel knows only a thread', () => {
  expect(processName('MainThread', '/usr/bin/node')).toBe('node')
  expect(processName('node-MainThread', 'node')).toBe('node')
  expect(processName('nginx', 'nginx: master process /usr/sbin/nginx')).toBe('nginx')
})
