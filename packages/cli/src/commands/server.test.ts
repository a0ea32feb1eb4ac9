import { expect, test } from 'vitest'
import { RegistryError } from '@rollcall/protocol'
import type { ServerModule } from '../server-module.ts'
import { begin, run } from '../testing/run.ts'

type Called = Parameters<ServerModule['runServer']>[0] | Parameters<ServerModule['printConfig']>[0]

function setUp(runServer: ServerModule['runServer'] = () => Promise.resolve(0)) {
  const called: Called[] = []
  const server: ServerModule = {
    serverOptions: [
      { flag: '--http', argument: 'HOST:PORT', description: 'Where.', env: 'ROLLCALL_HTTP' },
      { flag: '--log-level', argument: 'LEVEL', description: 'What.', env: 'ROLLCALL_LOG_LEVEL' },
      { flag: '--token', argument: 'SECRET', description: 'Who.', env: 'ROLLCALL_TOKEN' },
      { flag: '--insecure', description: 'Anybody.', env: 'ROLLCALL_INSECURE' },
    ],
    runServer: (options) => {
      called.push(options)
      return runServer(options)
    },
    printConfig: (options) => {
      called.push(options)
      return Promise.resolve('http: 127.0.0.1:7070 # default\n')
    },
  }
  return { called, server }
}

test('server hands its options over as they are, by their names', async () => {
  const { called, server } = setUp()
  const env = { ROLLCALL_PARENT_PIPE: '1', ROLLCALL_ZONE: 'z1' }
  const argv = 'server --http nonsense --log-level=debug --token t --insecure'.split(' ')

  expect(await run(argv, { server, env })).toMatchObject({ code: 0, err: [] })

  expect(called).toMatchObject([
    {
      flags: { http: 'nonsense', logLevel: 'debug', token: 't', insecure: true },
      // The server refuses variables that it does not know.
      env: { ROLLCALL_ZONE: 'z1' },
    },
  ])
  expect(called[0]?.env).not.toHaveProperty('ROLLCALL_PARENT_PIPE')
})

test('server prints lines, ends at a signal, and its exit code is ours', async () => {
  const { server } = setUp(async ({ signal, stdout }) => {
    stdout('listening on http://127.0.0.1:7070')
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve)
    })
    return 7
  })

  const running = begin(['server'], { server })
  await Promise.resolve()
  running.stop()

  expect(await running.code).toBe(7)
  expect(running.out).toEqual(['listening on http://127.0.0.1:7070'])
  expect(running.lifetimes).toEqual({ opened: 1, disposed: 1 })
})

test('a configuration that the server refuses is wrong usage', async () => {
  const { server } = setUp(() =>
    Promise.reject(new RegistryError('invalid_argument', '--http must be HOST:PORT.')),
  )
  expect(await run(['server', '--http', 'x'], { server })).toMatchObject({
    code: 2,
    err: ['--http must be HOST:PORT.'],
  })
})

test('server refuses options that it does not have, and positional arguments', async () => {
  const { server, called } = setUp()

  const { code, err } = await run(['server', '--htp', 'x'], { server })

  expect({ code, err }).toEqual({ code: 2, err: ["Unknown option '--htp'. Did you mean --http?"] })
  expect(await run(['server', 'x'], { server })).toMatchObject({ code: 2 })
  expect(called).toEqual([])
})

test('the help of server lists its options with their variables', async () => {
  const { server } = setUp()
  const { text } = await run(['server', '--help'], { server })
  expect(text).toMatch(/--http <HOST:PORT> +Where\. \(env: ROLLCALL_HTTP\)/)
  expect(text).toMatch(/--insecure +Anybody\./)
})

test('config print shows what the server says', async () => {
  const { server, called } = setUp()
  const argv = ['config', 'print', '--http', '[::1]:80']

  expect(await run(argv, { server })).toMatchObject({
    code: 0,
    out: ['http: 127.0.0.1:7070 # default'],
  })
  await run([...argv, '--json'], { server })
  await run(argv, { server, env: { ROLLCALL_JSON: 'true' } })

  expect(called).toMatchObject([
    { flags: { http: '[::1]:80' }, json: false },
    { flags: { http: '[::1]:80' }, json: true },
    { flags: { http: '[::1]:80' }, json: true },
  ])
  expect(called[1]?.flags).not.toHaveProperty('json')
})
