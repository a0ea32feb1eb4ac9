import { expect, test } from 'vitest'
import { eventOf } from './sse-events.ts'

test('reads the fields of an event', () => {
  const block = 'id: a.1\nevent: kv\ndata: {"revision":7}'
  expect(eventOf(block)).toEqual({ event: 'kv', data: '{"revision":7}', id: 'a.1' })
  expect(eventOf('event: ping\ndata: {}')).toEqual({ event: 'ping', data: '{}', id: undefined })
})

test('passes over what is no event', () => {
  expect(eventOf('retry: 1000')).toBeUndefined()
  expect(eventOf(': a comment')).toBeUndefined()
})
