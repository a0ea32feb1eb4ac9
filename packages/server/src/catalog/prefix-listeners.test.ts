import { expect, test } from 'vitest'
import { PrefixListeners } from './prefix-listeners.ts'

test('a key is below each prefix that it begins with, and below no other', () => {
  const listeners = new PrefixListeners<string>()
  for (const prefix of ['', 'a', 'a/b', 'a/c', 'b']) listeners.add(prefix, () => {})
  expect(listeners.prefixesOf('a/b/c')).toEqual(['', 'a', 'a/b'])
  expect(listeners.prefixesOf('c')).toEqual([''])
})

test('who calls off is not told any more, also while others are being told', () => {
  const listeners = new PrefixListeners<string>()
  const told: string[] = []
  const off = { second: () => {} }
  listeners.add('a', (message) => {
    told.push(`first ${message}`)
    off.second()
  })
  off.second = listeners.add('a', (message) => told.push(`second ${message}`))
  listeners.tell('a', '1')
  listeners.tell('a', '2')
  expect(told).toEqual(['first 1', 'first 2'])
})

test('who begins to listen while others are told hears of the next thing first', () => {
  const listeners = new PrefixListeners<string>()
  const told: string[] = []
  let isFirst = true
  listeners.add('a', () => {
    if (isFirst) listeners.add('a', (message) => told.push(message))
    isFirst = false
  })
  listeners.tell('a', '1')
  listeners.tell('a', '2')
  expect(told).toEqual(['2'])
})

test('one function that listens twice is told twice, and called off once at a time', () => {
  const listeners = new PrefixListeners<string>()
  const told: string[] = []
  const listener = (message: string) => told.push(message)
  const first = listeners.add('a', listener)
  const second = listeners.add('a', listener)
  listeners.tell('a', '1')
  expect(told).toEqual(['1', '1'])
  first()
  first()
  listeners.tell('a', '2')
  expect(told).toEqual(['1', '1', '2'])
  second()
  expect(listeners.isEmpty).toBe(true)
  expect(listeners.prefixesOf('a')).toEqual([])
})
