import { expect, test } from 'vitest'
import { run } from '../testing/run.ts'
import { openRegistry } from '../testing/registry.ts'

test('grants a lease, and prints its bare id for scripts', async () => {
  await using r = await openRegistry()
  const { code, out } = await r.run(['lease', 'grant', '--ttl', '15s', '--name', 'jobs'])
  expect([code, out]).toEqual([0, [expect.stringMatching(/^[1-9]\d*$/)]])

  const [id = ''] = out
  await r.run(['kv', 'put', 'a', 'x', '--lease', id])
  expect((await r.run(['lease', 'get', id])).out).toEqual([
    `Lease ${id} "jobs" (native, ALIVE): 15 s of 15 s left.`,
    'a',
  ])
  expect((await r.run(['lease', 'list', '--name', 'jo'])).out[1]).toMatch(
    new RegExp(`^${id} +jobs +native +15 s +ALIVE$`),
  )
})

test('keeps leases alive, and says which are gone', async () => {
  await using r = await openRegistry()
  const { text: id } = await r.run(['lease', 'grant', '--ttl', '5s'])
  await r.t.catalog.clock.advance(4_000)
  expect(await r.run(['lease', 'keepalive', id])).toMatchObject({
    code: 0,
    out: [`Lease ${id} lives for another 5 s.`],
  })
  await r.t.catalog.clock.advance(4_000)
  const both = await r.run(['lease', 'keepalive', id, '4711'])
  expect(both).toMatchObject({ code: 3, out: [`Lease ${id} lives for another 5 s.`] })
  expect(both.err).toEqual(['There is no lease 4711; grant a new one.'])
})

test('revokes a lease with its keys', async () => {
  await using r = await openRegistry()
  const { text: id } = await r.run(['lease', 'grant', '--ttl', '5s'])
  await r.run(['kv', 'put', 'a', 'x', '--lease', id])
  expect((await r.run(['lease', 'revoke', id])).out).toEqual([`Revoked lease ${id}.`])
  expect((await r.run(['kv', 'get', 'a'])).code).toBe(3)
  for (const call of ['revoke', 'get']) {
    expect((await r.run(['lease', call, id])).code).toBe(3)
  }
})

test.each([
  [['lease', 'grant'], "Required option '--ttl <DURATION>' not specified."],
  [['lease', 'grant', '--ttl', 'long'], /^--ttl must be a duration/],
  [['lease', 'get', 'a'], 'The id of a lease must be a whole number, not "a".'],
  [['lease', 'run', '--ttl', '15s'], "Missing required argument 'command'."],
  [
    ['lease', 'run', '--ttl', '15s', '--put', 'a', '--', 'true'],
    '--put must be KEY=VALUE, not "a".',
  ],
])('%j is wrong usage', async (argv, sentence) => {
  const { code, err } = await run(argv)
  expect([code, err]).toEqual([2, [expect.stringMatching(sentence)]])
})
