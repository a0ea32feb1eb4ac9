import { expect, test } from 'vitest'
import { setUpApp } from '../../testing/index.ts'

test('says of what was never there that it was never there, with 200', async () => {
  await using t = await setUpApp()
  const answer = await t.api('GET /explain?service=web&id=a')
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      verdict: 'never_registered',
      sentence: expect.stringContaining('Instance "a" of "web" has never registered'),
      elsewhere: [],
      history: [],
      node: 'n1',
    },
  ])
})

test('shows a visible instance with its history', async () => {
  await using t = await setUpApp()
  t.register({}, {}, 1_690_000_000_000)
  t.plane.set(t.ref(), { statusOverride: 'down' })
  const { body } = await t.api('GET /explain?service=web&id=a')
  expect(body).toMatchObject({
    verdict: 'held_by_status',
    instance: { id: 'a', status: 'down', statusOverride: 'down' },
    history: [
      { at: 1_700_000_000_000, event: 'registered', node: 'n1' },
      { at: 1_700_000_000_000, event: 'override_set', node: 'n1', detail: 'down' },
    ],
  })
  t.plane.set(t.ref(), { statusOverride: null })
  expect((await t.api('GET /explain?service=web')).body).toMatchObject({ verdict: 'visible' })
})

test('tells a wrong env from a wrong zone, and where it is', async () => {
  await using t = await setUpApp()
  t.register({ env: 'prod', zone: 'z2' })
  const elsewhere = [{ env: 'prod', zone: 'z2', id: 'a' }]
  const ask = async (query: string) => (await t.api(`GET /explain?service=web&id=a${query}`)).body
  expect(await ask('')).toMatchObject({ verdict: 'other_env', elsewhere })
  expect(await ask('&env=prod&zone=z1')).toMatchObject({ verdict: 'other_zone', elsewhere })
  expect(await ask('&env=prod&zone=z2')).toMatchObject({ verdict: 'visible', elsewhere: [] })
  expect(await ask('&env=prod')).toMatchObject({ verdict: 'visible' })
})

test('tells cancelled from evicted', async () => {
  await using t = await setUpApp()
  t.register({ id: 'left' })
  t.register({ id: 'died' })
  t.plane.cancel(t.ref({ id: 'left' }))
  t.run(95_000)
  const verdict = async (id: string) =>
    (await t.api(`GET /explain?service=web&id=${id}`)).body['verdict']
  expect([await verdict('left'), await verdict('died')]).toEqual(['cancelled', 'evicted'])
  expect((await t.api('GET /explain?service=web&id=died')).body).not.toHaveProperty('instance')
})
