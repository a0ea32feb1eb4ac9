import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

const suites = { instances: ['fetch-10', 'renew'] }

test('runs everything, at length, from a fresh build, unless told', () => {
  expect(parseOptions(['instances'], suites)).toEqual({
    suite: 'instances',
    only: [],
    quick: false,
    profiled: false,
    build: true,
  })
})

test('takes scenarios as a list or one by one', () => {
  const args = ['instances', '--only', 'fetch-10,renew', '--quick', '--profile', '--no-build']
  expect(parseOptions(args, suites)).toMatchObject({
    only: ['fetch-10', 'renew'],
    quick: true,
    profiled: true,
    build: false,
  })
  const { only } = parseOptions(['instances', '--only=renew', '--only=fetch-10'], suites)
  expect(only).toEqual(['renew', 'fetch-10'])
})

test('says which suites and scenarios there are', () => {
  expect(() => parseOptions([], suites)).toThrow('instances')
  expect(() => parseOptions(['catalog'], suites)).toThrow('instances')
  expect(() => parseOptions(['instances', '--only', 'fetch'], suites)).toThrow('fetch-10, renew')
  expect(() => parseOptions(['instances', '--fast'], suites)).toThrow('--fast')
})
