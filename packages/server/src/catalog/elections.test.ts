import { expect, test } from 'vitest'
import { setUpCatalog } from '../testing/catalog-harness.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

async function setUp() {
  const harness = await setUpCatalog()
  const { catalog, clock } = harness
  const { elections } = catalog
  const lease = async (ttlMs = 5_000) => (await catalog.leases.grant({ ttlMs })).id
  const campaign = (candidate: string, of: number, name = 'e') =>
    elections.campaign({ name, candidate, lease: of, value: bytes(candidate) })
  const queue = (name = 'e') => elections.queue(name).map(({ candidate }) => candidate)
  return { harness, catalog, clock, elections, lease, campaign, queue }
}

test('candidates queue in the order in which they came, and the first one leads', async () => {
  const { harness, elections, lease, campaign, queue } = await setUp()
  await using _ = harness
  const answers = []
  for (const candidate of ['c', 'a', 'b']) answers.push(await campaign(candidate, await lease()))
  expect(queue()).toEqual(['c', 'a', 'b'])
  const tokens = answers.map(({ token }) => token)
  expect(elections.queue('e').map(({ token }) => token)).toEqual(tokens)
  expect(tokens).toEqual(tokens.toSorted((one, two) => one - two))
  expect(elections.leader('e')).toMatchObject({ candidate: 'c', token: tokens[0] })
  expect(elections.leader('other')).toBeUndefined()
})

test('who campaigns again under its lease keeps its place; under another it is refused', async () => {
  const { harness, catalog, lease, campaign, queue } = await setUp()
  await using _ = harness
  const own = await lease()
  const first = await campaign('a', own)
  await campaign('b', await lease())
  expect(first.created).toBe(true)
  expect(await campaign('a', own)).toMatchObject({ token: first.token, created: false })
  await expect(campaign('a', await lease())).rejects.toMatchObject({
    code: 'already_exists',
    details: { name: 'e', candidate: 'a' },
  })
  expect(queue()).toEqual(['a', 'b'])
  expect((await catalog.leases.get(own)).state).toBe('ALIVE')
})

test('a candidacy ends with its lease, and a lease that is gone is said to be lost', async () => {
  const { harness, catalog, clock, lease, campaign, queue } = await setUp()
  await using _ = harness
  const [brief, long] = [await lease(2_000), await lease(60_000)]
  const first = await campaign('a', brief)
  await campaign('b', long)
  await clock.advance(3_000)
  expect(queue()).toEqual(['b'])
  await expect(campaign('a', brief)).rejects.toMatchObject({
    code: 'lease_lost',
    details: { lease: brief },
  })
  await catalog.leases.revoke(long)
  await expect(campaign('b', long)).rejects.toMatchObject({ code: 'lease_lost' })
  const again = await campaign('a', await lease())
  expect(again.token).toBeGreaterThan(first.token)
})

test('only who shows the token resigns', async () => {
  const { harness, elections, lease, campaign, queue } = await setUp()
  await using _ = harness
  const { token } = await campaign('a', await lease())
  const resign = async (candidate: string, shown: number) =>
    (await elections.resign({ name: 'e', candidate, token: shown })).resigned
  expect(await resign('a', token - 1)).toBe(false)
  expect(await resign('b', token)).toBe(false)
  expect(queue()).toEqual(['a'])
  expect(await resign('a', token)).toBe(true)
  expect(queue()).toEqual([])
  expect(await resign('a', token)).toBe(false)
})

test('names with slashes and percent signs do not reach into each other', async () => {
  const { harness, lease, campaign, queue } = await setUp()
  await using _ = harness
  await campaign('b/c', await lease(), 'a')
  await campaign('c', await lease(), 'a/b')
  await campaign('d', await lease(), 'a%2Fb')
  expect(queue('a')).toEqual(['b/c'])
  expect(queue('a/b')).toEqual(['c'])
  expect(queue('a%2Fb')).toEqual(['d'])
  await expect(campaign('a', 1, '')).rejects.toMatchObject({ code: 'invalid_argument' })
  await expect(campaign('a', 1, '/'.repeat(300))).rejects.toMatchObject({ code: 'limit_exceeded' })
})

test('a node that starts again finds the queue as it was', async () => {
  const { harness, elections, lease, campaign } = await setUp()
  await using _ = harness
  await campaign('b', await lease())
  await campaign('a', await lease())
  const before = elections.queue('e')
  await using other = await harness.another('n2')
  expect(other.catalog.elections.queue('e')).toEqual(before)
})
