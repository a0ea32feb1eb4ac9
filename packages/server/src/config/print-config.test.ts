import { expect, test } from 'vitest'
import { loadConfig } from './load-config.ts'
import { configEntries, printConfig } from './print-config.ts'

function load(flags: Record<string, unknown>, env: Record<string, string> = {}) {
  return loadConfig({ flags, env, readFile: () => '', hostname: 'web-1' })
}

test('prints every value with its origin', () => {
  const env = {
    ROLLCALL_LIMITS_PAGE_MAX: '5',
    ROLLCALL_LIMITS_WAIT_MAX_MS: '6',
    ROLLCALL_PEERS: 'a:1,[::1]:2',
  }
  const text = printConfig(load({ http: '[::1]:0' }, env))
  expect(text.split('\n').slice(0, 19)).toEqual([
    'id: "web-1" # default',
    'http: "[::1]:0" # flag',
    'data: "./.rollcall" # default',
    'env: "default" # default',
    'zone: "default" # default',
    'peers: ["a:1","[::1]:2"] # env',
    '# advertise: not set (default)',
    'engine: "lmdb" # default',
    'etcd: [] # default',
    'etcdPrefix: "/rollcall" # default',
    '# etcdUser: not set (default)',
    '# etcdCa: not set (default)',
    '# etcdCert: not set (default)',
    '# etcdKey: not set (default)',
    'rootName: "root" # default',
    '# clusterSecret: not set (default)',
    '# token: not set (default)',
    'insecure: false # default',
    'logLevel: "info" # default',
  ])
  expect(text.match(/^limits:$/gm)).toHaveLength(1)
  expect(text).toContain('\nmachines:\n  presence: true # default\n')
  expect(text).toContain('\n  pageMax: 5 # env\n')
})

test('masks secrets, in the text and in the entries', () => {
  const loaded = load({}, { ROLLCALL_TOKEN: 'hunter2', ROLLCALL_CLUSTER_SECRET: 'hunter2' })
  expect(printConfig(loaded)).toContain('# token: "****" (env)')
  expect(printConfig(loaded)).toContain('# clusterSecret: "****" (env)')
  expect(printConfig(loaded)).not.toContain('hunter2')
  const token = { key: 'token', value: '****', origin: 'env' }
  expect(configEntries(loaded)).toContainEqual(token)
  expect(JSON.stringify(configEntries(loaded))).not.toContain('hunter2')
})
