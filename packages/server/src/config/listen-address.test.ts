import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatListenAddress, parseListenAddress, parsePeerAddress } from './listen-address.ts'

test.each([
  ['127.0.0.1:7070', '127.0.0.1', 7070],
  ['0.0.0.0:0', '0.0.0.0', 0],
  ['[::1]:7070', '::1', 7070],
  ['[fe80::1%eth0]:80', 'fe80::1%eth0', 80],
  ['localhost:65535', 'localhost', 65_535],
  ['registry-1.example.org:80', 'registry-1.example.org', 80],
])('reads %s', (text, host, port) => {
  expect(parseListenAddress(text)).toEqual({ host, port })
})

test.each([
  '',
  '7070',
  ':7070',
  'localhost',
  'localhost:',
  'localhost:65536',
  'localhost:-1',
  'localhost: 80',
  '::1:7070',
  '[127.0.0.1]:7070',
  '[::1]',
  '127.0.0.256:80',
  '-a.example:80',
  `${'a'.repeat(64)}:80`,
  'http://localhost:80',
  'localhost:80\n',
])('refuses %j', (text) => {
  expect(parseListenAddress(text)).toBeUndefined()
})

test('a peer listens somewhere: port 0 is nowhere', () => {
  expect(parsePeerAddress('registry-2:7070')).toBe('registry-2:7070')
  expect(parsePeerAddress('[::1]:07070')).toBe('[::1]:7070')
  for (const text of ['registry-2:0', 'registry-2', 'http://registry-2:7070', '']) {
    expect(parsePeerAddress(text)).toBeUndefined()
  }
})

test('writes what it reads', () => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.constant('localhost'))
  fc.assert(
    fc.property(host, fc.nat(65_535), (host, port) => {
      expect(parseListenAddress(formatListenAddress({ host, port }))).toEqual({ host, port })
    }),
  )
})
