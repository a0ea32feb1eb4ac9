import { expect, test } from 'vitest'
import { assertSafeToListen, isLoopback } from './listen-rule.ts'

test.each([
  '127.0.0.1',
  '127.255.255.254',
  '::1',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
  'localhost',
  'LOCALHOST',
])('%s is loopback', (host) => {
  expect(isLoopback(host)).toBe(true)
})

test.each([
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '128.0.0.1',
  '126.255.255.255',
  '::2',
  '::ffff:10.0.0.1',
  'fe80::1%lo',
  '127.1',
  'localhost.example.org',
  '127.0.0.1.example.org',
  '',
])('%j is not loopback', (host) => {
  expect(isLoopback(host)).toBe(false)
})

test('refuses to listen off loopback with neither a token nor consent, and names both ways out', () => {
  const listen = (given: { token?: string; insecure: boolean }, host = '0.0.0.0') => {
    return () => {
      assertSafeToListen({ http: { host, port: 7070 }, ...given })
    }
  }
  expect(listen({ insecure: false })).toThrow(/--token.*--insecure/)
  expect(listen({ insecure: false, token: '' })).toThrow(/--token.*--insecure/)
  expect(listen({ insecure: false, token: 'a' })).not.toThrow()
  expect(listen({ insecure: true })).not.toThrow()
  expect(listen({ insecure: false }, '127.0.0.1')).not.toThrow()
})
