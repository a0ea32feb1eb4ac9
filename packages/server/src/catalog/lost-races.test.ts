import { expect, test } from 'vitest'
import { setUpCatalog } from '../testing/catalog-harness.ts'
import { endings } from '../testing/tree-content.ts'
import { holdKey } from './key-schema.ts'
import { HOLD_MS, LOST_RACES_MAX } from './limits.ts'

test('who loses every race is told after five, and who loses fewer wins in the end', async () => {
  await using harness = await setUpCatalog()
  const { resources } = harness.catalog
  const commit = harness.engine.commit.bind(harness.engine)
  const { resources: added } = await resources.add(
    { type: 'note', ns: 'pool' },
    { properties: { a: '0' } },
  )
  const [{ id } = { id: '' }] = added
  let races = 0
  const race = (count: number) => {
    races = 0
    harness.engine.commit = async (own) => {
      const put = own.then.find((operation) => operation.kind === 'put')
      if (!put || races === count) return commit(own)
      races += 1
      const value = Buffer.from(JSON.stringify({ _id: id, props: { a: String(races) } }))
      await commit({ compares: [], then: [{ kind: 'put', key: put.key, value }] })
      return commit(own)
    }
  }
  race(LOST_RACES_MAX)
  const [lost] = await endings<unknown>(harness.clock, [
    resources.merge({ type: 'note', id }, { b: '1' }),
  ])
  expect(lost).toMatchObject({ code: 'revision_conflict', details: { key: 'note' } })
  expect(races).toBe(LOST_RACES_MAX)

  race(LOST_RACES_MAX - 1)
  await endings<unknown>(harness.clock, [resources.merge({ type: 'note', id }, { b: '2' })])
  expect(resources.byId('note', id)).toMatchObject([{ properties: { a: '4', b: '2' } }])
})

test('a type whose holder has stopped is free again when its lease ends', async () => {
  await using harness = await setUpCatalog()
  const { resources } = harness.catalog
  const { id: lease } = await harness.engine.leases.grant({ ttlMs: HOLD_MS })
  const key = holdKey('note')
  const value = Buffer.from('held')
  await harness.engine.commit({ compares: [], then: [{ kind: 'put', key, value, lease }] })
  const place = { type: 'note', ns: 'pool' }
  let isDone = false
  const adding = resources.add(place, { properties: { a: '1' } }).then(() => {
    isDone = true
  })
  const replacing = resources.replace({ ...place, type: 'other' }, [{ properties: { a: '1' } }])
  await endings<unknown>(harness.clock, [replacing])
  await harness.clock.advance(HOLD_MS - 500)
  expect(isDone).toBe(false)
  await endings(harness.clock, [adding])
  expect(resources.list({ ...place, limit: 9 }).resources).toHaveLength(1)
})
