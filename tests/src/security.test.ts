/**
 * Who may listen where, and who may ask.
 *
 * @module
 */

import { API_BASE, type Problem, type ServiceList } from '@rollcall/protocol'
import { expect, test } from 'vitest'
import { call } from './support/http.ts'
import { runCli, runCliJson } from './support/run-cli.ts'
import { startServer } from './support/spawn-server.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const TOKEN = 'correct-horse-battery'

test.each(['0.0.0.0:0', '[::]:0'])(
  'a node does not listen on %s without a token',
  async (address) => {
    await using folder = await temporaryFolder()
    const refused = await runCli(['server', '--http', address, '--data', folder.path])

    expect(refused.code).not.toBe(0)
    expect(refused.stdout).toBe('')
    expect(refused.stderr).toMatch(/^Refusing .*--token.*--insecure/m)
  },
)

test('a node with a token answers only who shows it, but tells everybody whether it lives', async () => {
  await using server = await startServer({ args: ['--token', TOKEN] })
  const status = async (path: string, authorization?: string) => {
    const headers = authorization === undefined ? undefined : { authorization }
    const answer = await call(`${server.url}${path}`, headers ? { headers } : {})
    return answer.status
  }
  for (const path of [`${API_BASE}/services`, `${API_BASE}/watch?service=a`, '/metrics', '/']) {
    expect([path, await status(path)]).toEqual([path, 401])
    expect([path, await status(path, `Bearer ${TOKEN}x`)]).toEqual([path, 401])
  }
  expect(await status(`${API_BASE}/services?token=${TOKEN}`)).toBe(401)
  expect(await status(`${API_BASE}/services`, `Bearer ${TOKEN}`)).toBe(200)
  expect(await status('/healthz')).toBe(200)
  expect(await status('/readyz')).toBe(200)

  const refused = await call(`${server.url}${API_BASE}/services`)
  expect(refused.headers['www-authenticate']).toMatch(/^Bearer/)
  expect(JSON.parse(refused.text) as Problem).toMatchObject({ code: 'unauthenticated' })
  await server.stop()
  expect([...server.stderr, refused.text].join('\n')).not.toContain(TOKEN)
})

test('server and command take the token from the environment', async () => {
  await using server = await startServer({ env: { ROLLCALL_TOKEN: TOKEN } })
  const env = { ROLLCALL_SERVER: server.url }

  const refused = await runCli(['services'], env)
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toMatch(/token/i)

  const { services } = await runCliJson<ServiceList>(['services'], {
    ...env,
    ROLLCALL_TOKEN: TOKEN,
  })
  expect(services).toMatchObject([{ service: 'infra.discovery' }])
  expect(await runCli(['services', '--token', TOKEN], env)).toMatchObject({ code: 0 })
})
