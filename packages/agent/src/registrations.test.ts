import { ADDRESS_PATTERN, LIMITS, isName } from '@rollcall/protocol'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { registrationsOf } from './registrations.ts'
import type { ListeningSocket } from './socket-scanner.ts'
import { MACHINE, socketOn, surveyOf } from './testing/surveys.ts'

function servicesOf(sockets: readonly ListeningSocket[], machine = MACHINE) {
  return registrationsOf({ ...surveyOf(sockets), machine }).slice(1)
}

function addressesOf(address: string, machine = MACHINE) {
  return servicesOf([socketOn(80, { address })], machine)[0]?.body.addresses
}

test('registers the machine under its hostname, with its facts', () => {
  expect(registrationsOf(surveyOf([]))).toEqual([
    {
      service: 'infra.machine',
      id: 'box',
      body: {
        addresses: [],
        hostname: 'box',
        status: 'up',
        tags: ['agent'],
        ttlMs: 90_000,
        metadata: {
          addresses: '192.0.2.5,2001:db8::5',
          cores: '4',
          memoryBytes: '8589934592',
          os: 'Debian GNU/Linux 12 (bookworm)',
          kernel: '6.1.0',
          arch: 'x64',
        },
      },
    },
  ])
})

test('registers a socket as the service of its process', () => {
  expect(servicesOf([socketOn(8080)])).toEqual([
    {
      service: 'api',
      id: 'box:8080',
      body: {
        addresses: ['tcp://192.0.2.5:8080'],
        hostname: 'box',
        status: 'up',
        tags: ['agent'],
        ttlMs: 30_000,
        metadata: { pid: '100', command: '/opt/api -v', user: 'www', bind: '0.0.0.0' },
      },
    },
  ])
})

test('leaves out of the metadata what is not known', () => {
  const process = { pid: 7, name: 'api' }
  const [api] = servicesOf([{ address: '::1', port: 1, inode: '9', process }])
  expect(api?.body.metadata).toEqual({ pid: '7', bind: '::1' })
})

test.each([
  ['0.0.0.0', ['tcp://192.0.2.5:80']],
  ['::', ['tcp://192.0.2.5:80', 'tcp://[2001:db8::5]:80']],
  ['127.0.0.1', ['tcp://127.0.0.1:80']],
  ['::1', ['tcp://[::1]:80']],
  ['10.9.8.7', ['tcp://10.9.8.7:80']],
])('a socket bound to %s is reached at %j', (bind, addresses) => {
  expect(addressesOf(bind)).toEqual(addresses)
})

test('an IPv4 socket of a machine that has only IPv6 is reached at its loopback', () => {
  expect(addressesOf('0.0.0.0', { ...MACHINE, addresses: ['2001:db8::5'] })).toEqual([
    'tcp://127.0.0.1:80',
  ])
})

test('tags what only this machine can reach', () => {
  const [both, local] = servicesOf([
    socketOn(80, { address: '127.0.0.1' }),
    socketOn(80, { address: '0.0.0.0' }),
    socketOn(81, { address: '::1' }),
    socketOn(81, { address: '127.0.0.53' }),
  ])
  expect(both?.body.tags).toEqual(['agent'])
  expect(local?.body.tags).toEqual(['agent', 'loopback'])
})

test('makes one instance of all sockets of a service on a port', () => {
  const services = servicesOf([
    socketOn(80, { address: '0.0.0.0', pid: 101, command: 'second' }),
    socketOn(80, { address: '::', pid: 100, command: 'first' }),
    socketOn(80, { address: '127.0.0.1', name: 'other' }),
  ])
  expect(services.map(({ service, id }) => [service, id])).toEqual([
    ['api', 'box:80'],
    ['other', 'box:80'],
  ])
  expect(services[0]?.body.addresses).toEqual(['tcp://192.0.2.5:80', 'tcp://[2001:db8::5]:80'])
  expect(services[0]?.body.metadata).toMatchObject({
    pid: '100,101',
    command: 'first',
    bind: '0.0.0.0,::',
  })
})

test('cuts lists and texts that are too long for the registry', () => {
  const addresses = Array.from({ length: 40 }, (_, at) => `192.0.2.${at}`)
  const sockets = addresses.flatMap((address, at) => [
    socketOn(80, { address, pid: 1_000 + at, user: 'u'.repeat(5_000) }),
    socketOn(81, { address: '0.0.0.0' }),
  ])
  const machine = { ...MACHINE, addresses, os: 'o'.repeat(5_000), kernel: 'k'.repeat(5_000) }

  const all = registrationsOf({ ...surveyOf(sockets), machine })

  expect(all.map(({ body }) => body.addresses.length)).toEqual([0, 16, 16])
  expect(all[0]?.body.metadata?.['addresses']?.split(',')).toHaveLength(16)
  expect(all[1]?.body.metadata?.['bind']?.split(',')).toHaveLength(16)
  expect(all[1]?.body.metadata?.['pid']?.split(',')).toHaveLength(16)
  for (const { body } of all) {
    const pairs = Object.entries(body.metadata ?? {})
      .flat()
      .join('')
    expect(Buffer.byteLength(pairs)).toBeLessThan(LIMITS.metadataMaxBytes)
  }
})

const socket = fc
  .record({
    address: fc.oneof(fc.ipV4(), fc.constantFrom('::', '0.0.0.0', '::1', 'fe80::1', '2001:db8::9')),
    pid: fc.integer({ min: 1, max: 4_194_304 }),
    name: fc.string({ unit: 'binary', maxLength: 64 }),
    command: fc.string({ unit: 'grapheme', maxLength: 128 }),
    user: fc.string({ unit: 'grapheme', maxLength: 500 }),
    port: fc.constantFrom(1, 65_535),
  })
  .map(({ port, ...facts }) => socketOn(port, facts))

test('whatever a machine runs, every registration is within the limits of the registry', () => {
  const machine = fc.record({
    hostname: fc.string({ minLength: 1, maxLength: 64 }),
    addresses: fc.array(fc.ipV4(), { minLength: 1, maxLength: 40 }),
  })
  fc.assert(
    fc.property(machine, fc.array(socket, { maxLength: 60 }), (facts, sockets) => {
      const all = registrationsOf({ ...surveyOf(sockets), machine: { ...MACHINE, ...facts } })
      expect(new Set(all.map(({ service, id }) => `${service} ${id}`)).size).toBe(all.length)
      for (const { service, id, body } of all) {
        expect([isName(service), isName(id)]).toEqual([true, true])
        expect(body.addresses.length).toBeLessThanOrEqual(LIMITS.addressesMax)
        for (const address of body.addresses) expect(address).toMatch(new RegExp(ADDRESS_PATTERN))
        const pairs = Object.entries(body.metadata ?? {})
          .flat()
          .join('')
        expect(Buffer.byteLength(pairs)).toBeLessThanOrEqual(LIMITS.metadataMaxBytes)
      }
    }),
  )
})
