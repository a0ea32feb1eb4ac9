import { expect, test } from 'vitest'
import { registrySettings } from './client-options.ts'
import { run } from './testing/run.ts'
import { standIn } from './testing/stand-in.ts'

test('by default it asks the registry of this machine, as nobody, where the node is', () => {
  expect(registrySettings({}, {})).toEqual({
    servers: ['http://127.0.0.1:7070'],
    token: undefined,
    env: undefined,
    zone: undefined,
  })
})

test('flags win over the environment, and an empty variable is none', () => {
  const env = {
    ROLLCALL_SERVER: 'http://a, http://b,',
    ROLLCALL_TOKEN: 't',
    ROLLCALL_ENV: 'prod',
    ROLLCALL_ZONE: '',
  }
  expect(registrySettings({}, env)).toEqual({
    servers: ['http://a', 'http://b'],
    token: 't',
    env: 'prod',
    zone: undefined,
  })
  expect(registrySettings({ server: 'http://c', env: 'test' }, env)).toMatchObject({
    servers: ['http://c'],
    env: 'test',
    token: 't',
  })
})

test('the settings of the environment reach the registry', async () => {
  await using registry = await standIn(() => ({ status: 200, body: { services: [], next: null } }))
  const env = {
    ROLLCALL_SERVER: registry.url,
    ROLLCALL_TOKEN: 'secret',
    ROLLCALL_ENV: 'prod',
    ROLLCALL_JSON: '1',
  }

  const { code, out } = await run(['services'], { env })

  expect({ code, out }).toEqual({ code: 0, out: ['{"services":[]}'] })
  expect(registry.seen[0]?.headers.authorization).toBe('Bearer secret')
  expect(registry.seen[0]?.query['env']).toBe('prod')
})

test('an answer that takes longer than --timeout fails', async () => {
  await using registry = await standIn(() => () => {})
  const { code, err } = await run(['services', '--server', registry.url, '--timeout', '50ms'])
  expect(code).toBe(1)
  expect(err).toHaveLength(1)
})

test('the timeout of the environment is checked as the flag is', async () => {
  const { code, err } = await run(['services'], { env: { ROLLCALL_TIMEOUT: 'soon' } })
  expect(code).toBe(2)
  expect(err[0]).toMatch(/^ROLLCALL_TIMEOUT must be a duration/)
})

test('no registry there is a failure that names the server', async () => {
  await using registry = await standIn(() => ({ status: 200 }))
  const { url } = registry
  await registry[Symbol.asyncDispose]()

  const { code, err } = await run(['services', '--server', url])

  expect(code).toBe(1)
  expect(err).toEqual([expect.stringContaining(url)])
})
