import { expect, test } from 'vitest'
import { assertSafeToListen, isLoopback, mayAdmitPeers } from './listen-rule.ts'

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

test('refuses to join a cluster off loopback with neither its secret nor consent, and names both ways out', () => {
  const listen = (
    given: { clusterSecret?: string; token?: string; insecure?: boolean; peers?: string[] },
    host = '10.0.0.5',
  ) => {
    return () => {
      const choice = { token: 'a', insecure: false, peers: ['10.0.0.6:7070'], ...given }
      assertSafeToListen({ http: { host, port: 7070 }, ...choice })
    }
  }
  expect(listen({})).toThrow(/--peers.*--cluster-secret.*--insecure/)
  expect(listen({ clusterSecret: '' })).toThrow(/--peers.*--cluster-secret.*--insecure/)
  expect(listen({ token: '', clusterSecret: 'b' })).toThrow(/--token.*--insecure/)
  expect(listen({ clusterSecret: 'b' })).not.toThrow()
  expect(listen({ insecure: true })).not.toThrow()
  expect(listen({ peers: [] })).not.toThrow()
  expect(listen({}, '127.0.0.1')).not.toThrow()
})

test('nobody comes in as a node, past the token, where machines can reach a node without a secret', () => {
  const may = (given: { clusterSecret?: string; insecure?: boolean }, host = '10.0.0.5') =>
    mayAdmitPeers({ http: { host, port: 7070 }, token: 'a', insecure: false, ...given })
  expect(may({})).toBe(false)
  expect(may({ clusterSecret: '' })).toBe(false)
  expect(may({ clusterSecret: 'b' })).toBe(true)
  expect(may({ insecure: true })).toBe(true)
  expect(may({}, '127.0.0.1')).toBe(true)
})
