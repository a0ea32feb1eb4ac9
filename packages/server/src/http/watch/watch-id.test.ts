import { expect, test } from 'vitest'
import { formatWatchId, parseWatchId } from './watch-id.ts'

const OF_BOTH = { services: true, keys: true }
const OF_KEYS = { services: false, keys: true }
const OF_SERVICES = { services: true, keys: false }
const TOKEN = '1a.2b.eu/n-1:7070'

test.each([
  [{ token: TOKEN, revision: 42 }, OF_BOTH, `${TOKEN}~42`],
  [{ token: TOKEN, revision: undefined }, OF_BOTH, TOKEN],
  [{ token: undefined, revision: 42 }, OF_BOTH, '42'],
  [{ token: TOKEN, revision: undefined }, OF_SERVICES, TOKEN],
  [{ token: undefined, revision: 0 }, OF_KEYS, '0'],
  [{ token: undefined, revision: Number.MAX_SAFE_INTEGER }, OF_KEYS, '9007199254740991'],
])('%j of %j is the id %s, and back', (point, of, text) => {
  expect(formatWatchId(point)).toBe(text)
  expect(parseWatchId(text, of)).toEqual(point)
})

test('a watch of one part goes on from an id of both', () => {
  expect(parseWatchId(`${TOKEN}~42`, OF_KEYS).revision).toBe(42)
  expect(parseWatchId(`${TOKEN}~42`, OF_SERVICES).token).toBe(TOKEN)
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
])('%j is no id of %j', (text, of) => {
  expect(() => parseWatchId(text, of)).toThrow(
    expect.objectContaining({ code: 'invalid_argument' }),
  )
})
