import { RegistryError } from '@rollcall/protocol/errors'
import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { aLittleLater, endings } from '../../testing/tree-content.ts'
import { RESOURCE_LIMITS, SCHEMA_LIMITS } from '../limits.ts'

async function setUp() {
  const harness = await setUpCatalog()
  const { namespaces, resources, types } = harness.catalog
  for (const name of ['web', 'db']) await namespaces.create('', { name, kind: 'leaf' })
  const add = (properties: Record<string, string>, ns = 'web', type = 'rack') =>
    resources.add({ type, ns }, { properties })
  return {
    harness,
    namespaces,
    resources,
    types,
    add,
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  }
}

const SIZED = {
  type: 'object',
  required: ['size'],
  properties: { size: { type: 'string', pattern: '^[0-9]+$' } },
}

test('some types are known, and others are once they were described', async () => {
  await using t = await setUp()
  expect(t.types.list().map(({ type, primaryKey }) => [type, primaryKey])).toEqual([
    ['alarm', 'name'],
    ['collect', 'name'],
    ['deploy', 'name'],
    ['machine', 'hostname'],
  ])
  expect(t.types.get('rack')).toBeUndefined()
  const put = await t.types.put('rack', { primaryKey: 'slot', schema: SIZED })
  expect(put).toMatchObject({ created: true, described: { type: 'rack', primaryKey: 'slot' } })
  expect(t.types.get('rack')).toEqual(put.described)
  expect((await t.types.put('rack', { primaryKey: 'slot' })).created).toBe(false)
  expect(t.types.get('rack')?.schema).toBeUndefined()

  await t.types.delete('rack')
  expect(t.types.get('rack')).toBeUndefined()
  await expect(t.types.delete('rack')).rejects.toMatchObject({ code: 'resource_not_found' })
})

test('resources and templates have to fit the schema of their type', async () => {
  await using t = await setUp()
  await t.types.put('rack', { schema: SIZED })
  await t.add({ size: '42' })
  await expect(t.add({ size: 'big' })).rejects.toMatchObject({
    code: 'schema_violation',
    details: { path: '/size' },
  })
  await expect(t.add({ other: 'x' })).rejects.toMatchObject({
    code: 'schema_violation',
    details: { path: '/size', reason: "must have required property 'size'" },
  })
  const template = { type: 'rack', ns: '', template: true }
  await expect(t.resources.add(template, { properties: { a: 'b' } })).rejects.toMatchObject({
    code: 'schema_violation',
  })
})

test('a type is not described so that what is there does not fit; the first ten are told', async () => {
  await using t = await setUp()
  for (let at = 0; at < 12; at += 1) await t.add({ at: String(at) })
  await t.add({ size: '1' })
  const refused = await t.types.put('rack', { schema: SIZED }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'schema_violation', details: { path: '/size' } })
  const { resources } = (refused as { details: { resources: unknown[] } }).details
  expect(resources).toHaveLength(10)
  expect(resources[0]).toMatchObject({ ns: 'web', path: '/size' })
  expect(t.types.get('rack')).toBeUndefined()
  // And the type is given back: writes go on.
  await t.add({ at: 'after' })
})

test('a primary key is taken on by what is there, unless two would have the same', async () => {
  await using t = await setUp()
  await t.add({ slot: 'a', x: '1' })
  await t.add({ slot: 'a', x: '2' }, 'db')
  const first = t.resources.list({ type: 'rack', ns: '', limit: 9 }).resources.map(({ id }) => id)
  await t.types.put('rack', { primaryKey: 'slot' })
  expect(t.resources.byKey('rack', 'db', 'a')?.properties['x']).toBe('2')
  const ids = t.resources.list({ type: 'rack', ns: '', limit: 9 }).resources.map(({ id }) => id)
  expect(ids).toEqual(first)
  await expect(t.add({ slot: 'a' })).rejects.toMatchObject({ code: 'already_exists' })
  await expect(t.add({ x: '1' })).rejects.toMatchObject({ code: 'invalid_argument' })

  await t.add({ slot: 'b', x: '1' })
  await expect(t.types.put('rack', { primaryKey: 'x' })).rejects.toMatchObject({
    code: 'already_exists',
  })
  await expect(t.types.put('rack', { primaryKey: 'y' })).rejects.toMatchObject({
    code: 'schema_violation',
    details: { path: '/y' },
  })
  await t.types.delete('rack')
  await t.add({ slot: 'a' })
})

test('a primary key is taken on and given up by as many as one step can have', async () => {
  await using t = await setUp()
  const { rows, rekeyedRows } = RESOURCE_LIMITS
  const all = Array.from({ length: rekeyedRows }, (_, at) => ({ properties: { slot: `s${at}` } }))
  await t.resources.replace({ type: 'rack', ns: 'web' }, all)
  await t.types.put('rack', { primaryKey: 'slot' })
  expect(t.resources.byKey('rack', 'web', 's7')?.properties['slot']).toBe('s7')
  await t.types.delete('rack')
  await t.types.put('rack', { primaryKey: 'slot' })

  // Templates count, too.
  const template = { type: 'rack', ns: '', template: true }
  await t.resources.add(template, { properties: { slot: 'a' } })
  expect(rekeyedRows).toBe(rows / 2)
  const refusal = {
    code: 'limit_exceeded',
    details: { what: 'resources with another primary key', limit: rekeyedRows },
  }
  await expect(t.types.delete('rack')).rejects.toMatchObject(refusal)
  await expect(t.types.put('rack', { schema: {} })).rejects.toMatchObject(refusal)
  // What leaves the key as it is may have any number.
  await t.types.put('rack', { primaryKey: 'slot', schema: { required: ['slot'] } })
  await t.add({ slot: 'b' }, 'db')
})

test('what a node adds while another describes the type fits it, or was told of', async () => {
  await using t = await setUp()
  await using other = await t.harness.another('n2')
  for (let round = 0; round < 30; round += 1) {
    const type = `rack-${round}`
    const [described, added] = await endings<unknown>(t.harness.clock, [
      other.catalog.types.put(type, { schema: SIZED }),
      aLittleLater(round, () => t.add({ other: 'x' }, 'web', type)),
    ])
    const isDescribed = !(described instanceof RegistryError)
    const isAdded = !(added instanceof RegistryError)
    expect([isDescribed, isAdded]).toEqual(isAdded ? [false, true] : [true, false])
    expect(t.types.get(type) !== undefined).toBe(isDescribed)
  }
})

const deep = (levels: number): object => (levels === 0 ? {} : { not: deep(levels - 1) })

test.each([
  ['no object', 'x', 'invalid_argument'],
  ['a list', [], 'invalid_argument'],
  ['an unknown word', { requird: ['a'] }, 'invalid_argument'],
  ['a word used wrongly', { required: 'a' }, 'invalid_argument'],
  ['a reference elsewhere', { $ref: 'http://localhost/schema' }, 'invalid_argument'],
  ['a reference to a file', { allOf: [{ $ref: 'other.json#/a' }] }, 'invalid_argument'],
  ['a reference to nothing', { $ref: '#/$defs/none' }, 'invalid_argument'],
  ['a ring', { $defs: { a: { not: { $ref: '#/$defs/a' } } } }, 'invalid_argument'],
  ['a reference to itself', { allOf: [{ $ref: '#' }] }, 'invalid_argument'],
  [
    'words of another draft',
    { $schema: 'http://json-schema.org/draft-07/schema#' },
    'invalid_argument',
  ],
  ['a draft that is none', { $schema: 7 }, 'invalid_argument'],
  ['an id of its own', { $id: 'http://localhost/' }, 'invalid_argument'],
  ['answers that take time', { $async: true }, 'invalid_argument'],
  ['a pattern that is none', { properties: { a: { pattern: '(' } } }, 'invalid_argument'],
  ['a pattern that looks back', { properties: { a: { pattern: '(a)\\1' } } }, 'invalid_argument'],
  ['too many parts', deep(SCHEMA_LIMITS.parts), 'limit_exceeded'],
  ['too many bytes', { title: 'x'.repeat(SCHEMA_LIMITS.bytes) }, 'limit_exceeded'],
])('a schema with %s is refused', async (_, schema, code) => {
  await using t = await setUp()
  await expect(t.types.put('rack', { schema })).rejects.toMatchObject({ code })
  expect(t.types.get('rack')).toBeUndefined()
})

test('a schema that doubles at each line is refused', async () => {
  await using t = await setUp()
  const $defs = Object.fromEntries(
    Array.from({ length: 30 }, (_, at) => {
      const next = { $ref: `#/$defs/d${at + 1}` }
      return [`d${at}`, { allOf: [next, next] }]
    }),
  )
  const schema = { $defs: { ...$defs, d30: {} }, $ref: '#/$defs/d0' }
  await expect(t.types.put('rack', { schema })).rejects.toMatchObject({ code: 'limit_exceeded' })
})

test('a schema may refer to its own parts, and properties may be named like its words', async () => {
  await using t = await setUp()
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $defs: { number: { type: 'string', pattern: '^[0-9]+$' } },
    type: 'object',
    properties: { $id: { $ref: '#/$defs/number' }, id: true },
  }
  await t.types.put('rack', { schema })
  await t.add({ $id: '1', id: 'x' })
  await expect(t.add({ $id: 'x' })).rejects.toMatchObject({ code: 'schema_violation' })
})

test('each of several patterns is asked for what it stands by', async () => {
  await using t = await setUp()
  const properties = { name: { pattern: '^[a-z]+$' }, ip: { pattern: '^[0-9.]+$' } }
  const patternProperties = { '^x-': { pattern: '^(?:on|off)$' } }
  await t.types.put('rack', { schema: { properties, patternProperties } })
  await t.add({ name: 'web', ip: '10.0.0.1', 'x-a': 'on', other: 'A' })
  for (const [misfit, path] of [
    [{ name: '10' }, '/name'],
    [{ name: 'web', ip: 'none' }, '/ip'],
    [{ name: 'web', 'x-a': 'web' }, '/x-a'],
  ] as const) {
    await expect(t.add(misfit)).rejects.toMatchObject({
      code: 'schema_violation',
      details: { path },
    })
  }
})

test('what every object of the language has is no property', async () => {
  await using t = await setUp()
  await t.types.put('rack', { schema: { required: ['toString'] } })
  await expect(t.add({ a: 'x' })).rejects.toMatchObject({ details: { path: '/toString' } })
  await t.add({ toString: 'x' })
  await t.types.put('shelf', { schema: { dependentRequired: { constructor: ['b'] } } })
  await t.add({ a: 'x' }, 'web', 'shelf')
})

test('a pattern that keeps other engines busy for years is judged in no time', async () => {
  await using t = await setUp()
  await t.types.put('rack', {
    schema: { properties: { a: { type: 'string', pattern: '^(a+)+$' } } },
  })
  await expect(t.add({ a: `${'a'.repeat(50)}b` })).rejects.toMatchObject({
    code: 'schema_violation',
  })
})

test('known types keep their key, and may have a schema', async () => {
  await using t = await setUp()
  await expect(t.types.put('machine', { primaryKey: 'sn' })).rejects.toMatchObject({
    code: 'invalid_argument',
  })
  await t.types.put('machine', { schema: { required: ['sn'], properties: { sn: true } } })
  expect(t.types.get('machine')?.primaryKey).toBe('hostname')
  await expect(t.add({ hostname: 'a' }, 'web', 'machine')).rejects.toMatchObject({
    code: 'schema_violation',
  })
  await t.types.delete('machine')
  await t.add({ hostname: 'a' }, 'web', 'machine')
  expect(t.types.get('machine')?.primaryKey).toBe('hostname')
})
