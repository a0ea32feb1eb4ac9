import { expect, test } from 'vitest'
import { setUpApp, type AppHarness } from '../../testing/index.ts'

/** Twelve old instances of `web`, eight of which fell silent at once, beside a hundred others. */
async function setUpHeld(): Promise<AppHarness> {
  const t = await setUpApp()
  const alive = t.registerMany(4, 'alive')
  const silent = t.registerMany(8, 'silent')
  const others = t.registerMany(100, 'o', { service: 'other' })
  const live = (ids: readonly string[], ms: number) => {
    for (let left = ms; left > 0; left -= 30_000) {
      for (const id of others) t.renew({ service: 'other', id })
      t.keepAlive(ids, Math.min(left, 30_000))
    }
  }
  live([...alive, ...silent], 450_000)
  live(alive, 100_000)
  return t
}

const PROTECTION = {
  reason: 'mass_lapse',
  since: expect.any(Number),
  held: 8,
  endsAt: expect.any(Number),
}

test('a protected service says so, and each held instance since when', async () => {
  await using t = await setUpHeld()
  const { body } = await t.api('GET /services/web')
  expect(body['protected']).toEqual(PROTECTION)
  const held = (body['instances'] as { id: string; heldSince?: number }[]).filter(
    ({ heldSince }) => heldSince !== undefined,
  )
  expect(held.map(({ id }) => id.replace(/\d/, ''))).toEqual(Array(8).fill('silent'))
  expect((await t.api('GET /services')).body).toMatchObject({
    services: [
      { service: 'other', protected: null },
      { instanceCount: 12, protected: PROTECTION },
    ],
  })
  expect((await t.api('GET /explain?service=web&id=silent0')).body).toMatchObject({
    verdict: 'protected',
  })
})

test('ending it lets go what is held now, and leaves it allowed', async () => {
  await using t = await setUpHeld()
  const answer = await t.api('POST /services/web/protection', { body: { action: 'end' } })
  expect([answer.status, answer.body]).toEqual([200, { protected: null, forbidden: false }])
  const { body } = await t.api('GET /services/web')
  expect([body['protected'], (body['instances'] as unknown[]).length]).toEqual([null, 4])
})

test('forbidding it lets go what is held, and all that lapse later, until it is allowed', async () => {
  await using t = await setUpHeld()
  const post = (action: string) => t.api('POST /services/web/protection', { body: { action } })
  expect((await post('forbid')).body).toEqual({ protected: null, forbidden: true })
  expect(t.ids()).toHaveLength(4)
  t.run(100_000)
  expect(t.ids()).toEqual([])
  expect((await post('allow')).body).toEqual({ protected: null, forbidden: false })
})

test('is about one env', async () => {
  await using t = await setUpHeld()
  t.register({ env: 'prod' })
  const answer = await t.api('POST /services/web/protection?env=prod', { body: { action: 'end' } })
  expect(answer.body).toEqual({ protected: null, forbidden: false })
  expect(t.ids()).toHaveLength(12)
})
