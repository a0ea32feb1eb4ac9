import { cpus, hostname, totalmem } from 'node:os'
import { expect, test } from 'vitest'
import { osName, reachableAddresses, readMachineFacts } from './machine-facts.ts'

function face(address: string, internal = false) {
  return { address, internal, family: address.includes(':') ? 'IPv6' : 'IPv4' } as const
}

test('puts IPv4 first and leaves out loopback and link-local addresses', () => {
  const all = [
    face('127.0.0.1', true),
    face('fe80::1'),
    face('2001:db8::5'),
    face('192.0.2.5'),
    face('172.17.0.1'),
    face('192.0.2.5'),
  ]
  expect(reachableAddresses(all)).toEqual(['192.0.2.5', '172.17.0.1', '2001:db8::5'])
})

test('falls back on loopback for a machine without a network', () => {
  expect(reachableAddresses([face('127.0.0.1', true), face('fe80::1')])).toEqual(['127.0.0.1'])
})

test.each([
  [
    'NAME=Debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
    'Debian GNU/Linux 12 (bookworm)',
  ],
  ["PRETTY_NAME='Arch Linux'", 'Arch Linux'],
  ['PRETTY_NAME=Void\n', 'Void'],
  ['PRETTY_NAME="Joe\\"s OS"\n', 'Joe"s OS'],
  ['NAME=x\n', undefined],
  ['PRETTY_NAME=""\n', undefined],
])('reads the name out of %j', (text, name) => {
  expect(osName(text)).toBe(name)
})

test('reads the facts of this machine', () => {
  const facts = readMachineFacts('PRETTY_NAME=Test')
  expect(facts).toMatchObject({ hostname: hostname(), memoryBytes: totalmem(), os: 'Test' })
  expect(facts.cores).toBeGreaterThan(0)
  expect(facts.cores).toBeLessThanOrEqual(cpus().length)
  expect(facts.addresses.length).toBeGreaterThan(0)
  expect(readMachineFacts(undefined).os).toBe(process.platform)
})
