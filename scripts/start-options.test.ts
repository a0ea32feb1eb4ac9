import { expect, test } from 'vitest'
import { listeningUrl, readStartOptions } from './start-options.mjs'

test('options go on to the server as they are, and the environment to both', () => {
  const args = ['--http', '127.0.0.1:0', '--zone=b', '--insecure']

  const { serverArgs, serverEnv, agentEnv } = readStartOptions(args, { PATH: '/bin' })

  expect(serverArgs).toEqual(args)
  expect(serverEnv).toMatchObject({ PATH: '/bin', ROLLCALL_PARENT_PIPE: '1' })
  expect(agentEnv).toEqual({ PATH: '/bin', ROLLCALL_PARENT_PIPE: '1' })
})

test.each([
  ['as two arguments', ['--token', 's3=cret', '--zone', 'b']],
  ['as one argument', ['--token=s3=cret', '--zone', 'b']],
])('a token %s reaches both by the environment, and no argument', (_, args) => {
  const { serverArgs, serverEnv, agentEnv } = readStartOptions(args, { ROLLCALL_TOKEN: 'old' })

  expect(serverArgs).toEqual(['--zone', 'b'])
  expect(serverEnv['ROLLCALL_TOKEN']).toBe('s3=cret')
  expect(agentEnv['ROLLCALL_TOKEN']).toBe('s3=cret')
})

test('a token of the environment reaches both', () => {
  const { serverEnv, agentEnv } = readStartOptions([], { ROLLCALL_TOKEN: 's3cret' })

  expect(serverEnv['ROLLCALL_TOKEN']).toBe('s3cret')
  expect(agentEnv['ROLLCALL_TOKEN']).toBe('s3cret')
})

test('the secret of the cluster reaches the server by the environment, and the agent not at all', () => {
  const { serverArgs, serverEnv, agentEnv } = readStartOptions(['--cluster-secret', 'c'], {})

  expect(serverArgs).toEqual([])
  expect(serverEnv['ROLLCALL_CLUSTER_SECRET']).toBe('c')
  expect(agentEnv).not.toHaveProperty('ROLLCALL_CLUSTER_SECRET')
})

test('a secret without a value is left for the server to refuse', () => {
  expect(readStartOptions(['--token'], {}).serverArgs).toEqual(['--token'])
})

test('the server logs warnings only', () => {
  const { serverEnv, agentEnv } = readStartOptions([], {})

  expect(serverEnv['ROLLCALL_LOG_LEVEL']).toBe('warn')
  expect(agentEnv).not.toHaveProperty('ROLLCALL_LOG_LEVEL')
})

test.each([
  [['--log-level', 'debug'], {}],
  [['--log-level=debug'], {}],
  [['--config', 'rollcall.yaml'], {}],
  [[], { ROLLCALL_LOG_LEVEL: 'debug' }],
  [[], { ROLLCALL_CONFIG: 'rollcall.yaml' }],
])('with %j and %j the server logs what it is told to', (args, env) => {
  expect(readStartOptions(args, env).serverEnv['ROLLCALL_LOG_LEVEL']).not.toBe('warn')
})

test.each([
  ['listening on http://127.0.0.1:40123', 'http://127.0.0.1:40123'],
  ['listening on http://registry.example:7070/', 'http://registry.example:7070'],
  ['listening on http://0.0.0.0:7070', 'http://127.0.0.1:7070'],
  ['listening on http://[::]:7070', 'http://[::1]:7070'],
])('the line "%s" tells %s', (line, url) => {
  expect(listeningUrl(line)).toBe(url)
})

test.each([
  '',
  'listening on port 7070',
  'not listening on http://127.0.0.1:1',
  'listening on http://[',
])('the line "%s" tells no address', (line) => {
  expect(listeningUrl(line)).toBeUndefined()
})
