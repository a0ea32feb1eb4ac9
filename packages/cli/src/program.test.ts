import { expect, test } from 'vitest'
import { run } from './testing/run.ts'

test('an unknown command is wrong usage, and the nearest is suggested', async () => {
  const { code, out, err } = await run(['instnces', 'orders'])

  expect(code).toBe(2)
  expect(out).toEqual([])
  expect(err).toEqual(["Unknown command 'instnces'. Did you mean instances?"])
})

test('an unknown option is wrong usage, and the nearest is suggested', async () => {
  const { code, err } = await run(['services', '--prefx', 'a'])

  expect(code).toBe(2)
  expect(err).toEqual(["Unknown option '--prefx'. Did you mean --prefix?"])
})

test('options of a command before it are wrong usage, and it says where they belong', async () => {
  const { code, err } = await run(['--prefix', 'a', 'services'])

  expect(code).toBe(2)
  expect(err).toEqual(["Unknown option '--prefix'. Options follow the command."])
})

test.each([
  [['cancel', 'orders'], "Missing required argument 'id'."],
  [['services', 'orders'], /^Too many arguments for 'services'/],
  [['instances', 'orders', '--status', 'well'], /--status <STATUS>' argument 'well' is invalid/],
  [['watch'], "Missing required argument 'service'."],
  [
    ['register', 'orders', '--ttl', '1h'],
    '--ttl must be a duration such as 10s, 5m or 1500ms, not "1h".',
  ],
  [['register', 'orders', '--weight', 'much'], '--weight must be a number, not "much".'],
  [['register', 'orders', '--meta', 'colour'], '--meta must be KEY=VALUE, not "colour".'],
  [['services', '--timeout', '0'], '--timeout must be longer than nothing.'],
  [['protection', 'orders', 'maybe'], /'maybe' is invalid/],
  [['members', 'n1'], /^Too many arguments for 'members'/],
  [['members', 'remove'], "Missing required argument 'id'."],
  [['services', '--server', 'here'], /registry server is named like/],
])('%j is wrong usage', async (argv, sentence) => {
  const { code, out, err } = await run(argv)

  expect(code).toBe(2)
  expect(out).toEqual([])
  expect(err).toEqual([expect.stringMatching(sentence)])
})

test('with --json wrong usage is one problem on stderr', async () => {
  const { code, err } = await run(['cancel', 'orders', '--json'])

  expect(code).toBe(2)
  expect(err).toHaveLength(1)
  expect(JSON.parse(err[0] ?? '')).toEqual({
    type: 'urn:rollcall:error:invalid_argument',
    code: 'invalid_argument',
    detail: "Missing required argument 'id'.",
    details: {},
  })
})

test('without a command it shows the help on stderr and ends with 2', async () => {
  const { code, out, err } = await run([])

  expect(code).toBe(2)
  expect(out).toEqual([])
  expect(err.join('\n')).toMatch(/Usage: rollcall/)
})

test('--help shows all commands on stdout and ends with 0', async () => {
  const { code, text, err } = await run(['--help'])

  expect(code).toBe(0)
  expect(err).toEqual([])
  for (const name of 'server agent register cancel services instances watch explain members backup restore config'.split(
    ' ',
  )) {
    expect(text).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
  }
})

test('the help of a command names its options with their variables', async () => {
  const { code, text } = await run(['instances', '--help'])

  expect(code).toBe(0)
  for (const name of ['SERVER', 'TOKEN', 'ENV', 'ZONE', 'JSON', 'TIMEOUT']) {
    expect(text).toContain(`ROLLCALL_${name}`)
  }
})

test('--version is ours, and that of register is another', async () => {
  expect(await run(['--version'])).toMatchObject({ code: 0, out: ['1.2.3'] })
  const { err } = await run(['register', '--version'])
  expect(err).toEqual([expect.stringMatching(/--version <VERSION>' argument missing/)])
})
