import { expect, test } from 'vitest'
import { formatWatchId, NOTHING_ID, parseWatchId } from './watch-id.ts'

const OF_BOTH = { services: true, kv: true, ns: false }
const OF_KEYS = { services: false, kv: true, ns: false }
const OF_SERVICES = { services: true, kv: false, ns: false }
const OF_NAMESPACES = { services: false, kv: false, ns: true }
const OF_CATALOG = { services: false, kv: true, ns: true }
const OF_ALL = { services: true, kv: true, ns: true }
const TOKEN = '1a.2b.eu/n-1:7070'

test.each([
  [{ token: TOKEN, kv: 42 }, OF_BOTH, `${TOKEN}~42`],
  [{ token: TOKEN, kv: undefined }, OF_BOTH, TOKEN],
  [{ token: undefined, kv: 42 }, OF_BOTH, '42'],
  [{ token: TOKEN, kv: undefined }, OF_SERVICES, TOKEN],
  [{ token: undefined, kv: 0 }, OF_KEYS, '0'],
  [{ token: undefined, kv: undefined, ns: 42 }, OF_NAMESPACES, '42'],
  [{ token: undefined, kv: 41, ns: 42 }, OF_CATALOG, '41.42'],
  [{ token: TOKEN, kv: 41, ns: 42 }, OF_ALL, `${TOKEN}~41.42`],
  [{ token: undefined, kv: Number.MAX_SAFE_INTEGER }, OF_KEYS, '9007199254740991'],
])('%j of %j is the id %s, and back', (point, of, text) => {
  expect(formatWatchId(point)).toBe(text)
  expect(parseWatchId(text, of)).toEqual(point)
})

test('a watch of one part goes on from an id of both', () => {
  expect(parseWatchId(`${TOKEN}~42`, OF_KEYS).kv).toBe(42)
  expect(parseWatchId(`${TOKEN}~41.42`, OF_KEYS).kv).toBe(41)
  expect(parseWatchId(`${TOKEN}~41.42`, OF_NAMESPACES).ns).toBe(42)
  expect(parseWatchId(`${TOKEN}~42`, OF_SERVICES).token).toBe(TOKEN)
})

test('who knows nothing any more starts over with everything', () => {
  for (const of of [OF_SERVICES, OF_KEYS, OF_NAMESPACES, OF_ALL]) {
    expect(parseWatchId(NOTHING_ID, of)).toEqual({})
  }
})

test.each([
  ['', OF_BOTH],
  ['~', OF_BOTH],
  ['~42', OF_BOTH],
  [`${TOKEN}~`, OF_BOTH],
  [`${TOKEN}~x`, OF_BOTH],
  [`${TOKEN}~1~2`, OF_BOTH],
  ['9007199254740992', OF_BOTH],
  ['12345678901234567', OF_BOTH],
  [TOKEN, OF_KEYS],
  ['42', OF_SERVICES],
  ['42', OF_CATALOG],
  [TOKEN, OF_CATALOG],
  ['41.', OF_CATALOG],
  ['41.x', OF_CATALOG],
  ['.42', OF_NAMESPACES],
  ['41.9007199254740992', OF_CATALOG],
  [`${TOKEN}~42`, OF_ALL],
])('%j is no id of %j', (text, of) => {
  expect(() => parseWatchId(text, of)).toThrow(
    expect.objectContaining({ code: 'invalid_argument' }),
  )
})
