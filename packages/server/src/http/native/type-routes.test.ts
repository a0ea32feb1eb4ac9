import { expect, test } from 'vitest'
import { setUpApp } from '../../testing/index.ts'

const RACK = { primaryKey: 'name', schema: { required: ['row'] } }

test('a type is described, read and forgotten', async () => {
  await using t = await setUpApp()
  const put = (body: object) => t.api('PUT /types/rack', { body })
  const first = await put(RACK)
  expect([first.status, first.headers['location']]).toEqual([201, '/registry/v1/types/rack'])
  const revision = Number(first.headers['x-rollcall-revision'])
  expect(first.body).toEqual({ type: 'rack', ...RACK, revision })
  expect((await t.api('GET /types/rack')).body).toEqual(first.body)
  const second = await put({ primaryKey: 'name' })
  expect([second.status, second.body['schema']]).toEqual([200, null])
  expect(second.headers['location']).toBeUndefined()
  expect((await t.api('DELETE /types/rack')).status).toBe(204)
  expect((await t.api('GET /types/rack')).body['code']).toBe('resource_not_found')
})

test('known types are there without having been described', async () => {
  await using t = await setUpApp()
  expect((await t.api('GET /types/machine')).body).toEqual({
    type: 'machine',
    primaryKey: 'hostname',
    schema: null,
    revision: 0,
  })
})

test('types are listed by name, page by page', async () => {
  await using t = await setUpApp()
  await t.api('PUT /types/aaa', { body: {} })
  const names: string[] = []
  let cursor = ''
  do {
    const { body } = await t.api(`GET /types?limit=2${cursor}`)
    for (const { type } of body['types'] as { type: string }[]) names.push(type)
    const next = body['next'] as string | null
    cursor = next === null ? '' : `&cursor=${next}`
  } while (cursor !== '')
  expect(names).toEqual([...names].sort())
  expect(names).toEqual(expect.arrayContaining(['aaa', 'alarm', 'collect', 'deploy', 'machine']))
})

test('what does not fit its schema is refused, and tells where', async () => {
  await using t = await setUpApp()
  await t.api('PUT /types/rack', { body: RACK })
  const add = (properties: object) =>
    t.api('POST /resources/rack?ns=pool', { body: { properties } })
  const refused = await add({ name: 'r1' })
  expect([refused.status, refused.body['code']]).toEqual([422, 'schema_violation'])
  expect(refused.body['details']).toHaveProperty('path')
  expect((await add({ name: 'r1', row: '7' })).status).toBe(201)
  const narrower = { primaryKey: 'name', schema: { required: ['row', 'hall'] } }
  const late = await t.api('PUT /types/rack', { body: narrower })
  expect([late.status, late.body['code']]).toEqual([422, 'schema_violation'])
})
