import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { expect, test } from 'vitest'
import { until } from '@rollcall/runtime/testing'
import { openRegistry } from '../testing/registry.ts'

const WITHIN = { withinMs: 20_000 }

/** A registry, and a folder in which commands leave what they have to say. */
async function setUp() {
  const r = await openRegistry()
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-lease-'))
  const file = join(folder, 'said')
  /** `say(text)` writes what the test then finds. */
  const script = (body: string) => [
    '--',
    process.execPath,
    '-e',
    `const say = (text) => require('fs').appendFileSync(${JSON.stringify(file)}, text + ';'); ${body}`,
  ]
  const said = () => readFile(file, 'utf8').catch(() => '')
  return {
    ...r,
    script,
    said,
    untilSaid: (text: string) =>
      until(`it said ${text}`, async () => (await said()).includes(text) || undefined, WITHIN),
    leases: async () => {
      const { text } = await r.run(['lease', 'list', '--json'])
      return (JSON.parse(text) as { leases: { id: number; name: string }[] }).leases
    },
    async [Symbol.asyncDispose]() {
      await r[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

const STAY = 'setInterval(() => {}, 1000);'

test('runs a command under a lease, with keys, and ends both with it', async () => {
  await using s = await setUp()
  const running = s.begin([
    ...'lease run --ttl 15s --name job --put who=me=1 --put b=2'.split(' '),
    ...s.script(
      `say('lease ' + process.env.ROLLCALL_LEASE); process.on('SIGTERM', () => process.exit(7)); ${STAY}`,
    ),
  ])
  await s.untilSaid('lease')

  const [lease] = await s.leases()
  expect(lease).toMatchObject({ name: 'job' })
  expect(await s.said()).toBe(`lease ${lease?.id};`)
  expect((await s.run(['kv', 'get', 'who'])).bytes.toString()).toBe('me=1')

  running.signal('SIGTERM')
  expect(await running.code).toBe(7)
  expect(await s.leases()).toEqual([])
  expect((await s.run(['kv', 'get', 'who'])).code).toBe(3)
  expect([running.out, running.err]).toEqual([[], []])
}, 30_000)

test.each([
  ['process.exit(0)', 0],
  ['process.exit(5)', 5],
  ["process.kill(process.pid, 'SIGKILL')", 137],
])(
  'the exit code of %j is %i',
  async (body, code) => {
    await using s = await setUp()
    const { code: seen } = await s.run(['lease', 'run', '--ttl', '15s', ...s.script(body)])
    expect(seen).toBe(code)
    expect(await s.leases()).toEqual([])
  },
  30_000,
)

test('a command that is not there is 127, as in a shell', async () => {
  await using s = await setUp()
  const { code, err } = await s.run(['lease', 'run', '--ttl', '15s', '--', 'no-such-command'])
  expect([code, err]).toEqual([127, [expect.stringContaining('ENOENT')]])
  expect(await s.leases()).toEqual([])
})

test('keeps the lease alive while the command runs', async () => {
  await using s = await setUp()
  const running = s.begin(['lease', 'run', '--ttl', '6s', ...s.script(`say('up'); ${STAY}`)])
  await s.untilSaid('up')
  for (let round = 0; round < 3; round += 1) {
    await s.t.catalog.clock.advance(4_000)
    await until(
      'it was renewed',
      async () => {
        const [lease] = await s.leases()
        const { text } = await s.run(['lease', 'get', String(lease?.id), '--json'])
        const { remainingMs } = JSON.parse(text) as { remainingMs: number }
        return remainingMs > 5_900 || undefined
      },
      WITHIN,
    )
  }
  running.signal('SIGINT')
  expect(await running.code).toBe(130)
}, 60_000)

test('stops the command when the lease is lost, with a signal that it can heed', async () => {
  await using s = await setUp()
  const running = s.begin([
    ...'lease run --ttl 4s'.split(' '),
    ...s.script(
      `say('up'); process.on('SIGTERM', () => { say('told'); process.exit(0) }); ${STAY}`,
    ),
  ])
  await s.untilSaid('up')
  const [lease] = await s.leases()
  await s.run(['lease', 'revoke', String(lease?.id)])

  expect(await running.code).toBe(1)
  expect(await s.said()).toBe('up;told;')
  expect(running.err.at(-1)).toMatch(/^Lease \d+ is lost: /)
}, 30_000)

test('kills a command that does not heed it, after the grace', async () => {
  await using s = await setUp()
  const running = s.begin([
    ...'lease run --ttl 4s --grace 100ms'.split(' '),
    ...s.script(`process.on('SIGTERM', () => say('told')); say('up'); ${STAY}`),
  ])
  await s.untilSaid('up')
  const [lease] = await s.leases()
  await s.run(['lease', 'revoke', String(lease?.id)])

  expect(await running.code).toBe(1)
  expect(await s.said()).toBe('up;told;')
}, 30_000)

test('nothing is started when the keys cannot be put', async () => {
  await using s = await setUp()
  const long = `${'k'.repeat(513)}=v`
  const argv = ['lease', 'run', '--ttl', '15s', '--put', long, ...s.script("say('up')")]
  expect((await s.run(argv)).code).toBe(1)
  expect(await s.said()).toBe('')
  expect(await s.leases()).toEqual([])
})

test('a signal that comes before the command is started ends it all', async () => {
  await using s = await setUp()
  const running = s.begin(['lease', 'run', '--ttl', '15s', ...s.script("say('up')")])
  await until('it takes signals', () => running.isRelaying() || undefined, {
    ...WITHIN,
    everyMs: 1,
  })
  running.signal('SIGTERM')
  expect(await running.code).toBe(143)
  expect(await s.said()).toBe('')
  expect(await s.leases()).toEqual([])
})
