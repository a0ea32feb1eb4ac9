import { expect, test } from 'vitest'
import { batchesOf, parseResources } from './resource-input.ts'

const read = (input: unknown, ns?: string) =>
  parseResources(JSON.stringify(input), { ns, isReplacing: false })

test('a list of resources and what "resource list" prints are the same', () => {
  const rows = [{ id: 'a', ns: 'shop', properties: { x: 'y' } }]
  const printed = { resources: rows.map((row) => ({ ...row, type: 't', revision: 3 })) }
  expect(read(rows)).toEqual(rows)
  expect(read(printed)).toEqual(rows)
})

test('a namespace for all overrides what each says', () => {
  expect(read([{ ns: 'a', properties: {} }, { properties: {} }], 'b')).toEqual([
    { ns: 'b', id: undefined, properties: {} },
    { ns: 'b', id: undefined, properties: {} },
  ])
})

test.each([
  ['{', /^The input is not JSON/],
  ['{"resources":1}', 'The input must be a list of resources.'],
  ['[{"ns":"a","properties":{}},7]', 'Resource 2 must be an object.'],
  ['[{"properties":{}}]', 'Resource 1 has no "ns"; give it, or --ns.'],
  ['[{"ns":"a","id":7,"properties":{}}]', 'Resource 1 has an "id" that is no text.'],
  ['[{"ns":"a"}]', /^Resource 1 needs "properties"/],
  ['[{"ns":"a","properties":{"x":1}}]', /^Resource 1 needs "properties"/],
])('%s is refused', (text, message) => {
  expect(() => parseResources(text, { ns: undefined, isReplacing: false })).toThrow(
    expect.objectContaining({
      code: 'invalid_argument',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    }),
  )
})

test('replacing needs the namespace of which all is replaced', () => {
  expect(() => parseResources('[]', { ns: undefined, isReplacing: true })).toThrow(/--ns/)
})

test('batches are in order and hold what one request may have', () => {
  const rows = Array.from({ length: 4_001 }, (_, at) => ({
    ns: 'a',
    id: String(at),
    properties: {},
  }))
  const batches = [...batchesOf(rows)]
  expect(batches.map(({ length }) => length)).toEqual([4_000, 1])
  expect(batches.flat()).toEqual(rows)

  const large = [1, 2, 3].map((id) => ({
    ns: 'a',
    id: String(id),
    properties: { x: 'é'.repeat(150_000) },
  }))
  expect([...batchesOf(large)].map(({ length }) => length)).toEqual([1, 1, 1])
  expect([...batchesOf([])]).toEqual([])
})
