import { expect, test } from 'vitest'
import { setUpPlane } from '../testing/index.ts'
import { instanceFilter } from './instance-filter.ts'
import { ServiceBodies } from './service-bodies.ts'

function setUp() {
  const t = setUpPlane()
  t.register()
  const bodies = new ServiceBodies(t.plane)
  const read = (value: string) =>
    bodies.get({ env: 'default', service: 'web' }, instanceFilter({ 'metadata.k': value }))
  return { ...t, read }
}

test('a body is made once per change', () => {
  const { read, register } = setUp()
  const first = read('a')
  expect(read('a')).toBe(first)
  register({}, { weight: 2 })
  expect(read('a')).not.toBe(first)
})

test.each([
  ['many short filters', 70_000, 0],
  ['long filters', 1_000, 40_000],
])('%s cannot fill the memory: what was asked for long ago is made again', (_, count, length) => {
  const { read } = setUp()
  const first = read('first')
  const padding = 'x'.repeat(length)
  for (let n = 0; n < count; n += 1) read(`${n}${padding}`)
  expect(read('first')).not.toBe(first)
})
