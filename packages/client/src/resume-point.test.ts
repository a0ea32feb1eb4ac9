import { expect, test } from 'vitest'
import { ResumePoint } from './resume-point.ts'

test('an id counts only once every service had its snapshot', () => {
  const resume = new ResumePoint(['a', 'b'], undefined)
  resume.connected()

  resume.complete('a')
  resume.reached('1')
  expect(resume.lastEventId).toBeUndefined()

  resume.complete('b')
  resume.reached('2')
  expect(resume.lastEventId).toBe('2')
})

test('a connection lost between two snapshots starts over with both', () => {
  const resume = new ResumePoint(['a', 'b'], undefined)
  resume.connected()
  resume.complete('a')
  resume.reached('1')

  resume.connected()
  resume.complete('b')
  resume.reached('2')
  expect(resume.lastEventId).toBeUndefined()
})

test('a resync voids the id until the snapshots are there', () => {
  const resume = new ResumePoint(['a'], undefined)
  resume.complete('a')
  resume.reached('1')

  resume.restart()
  expect(resume.lastEventId).toBeUndefined()
  resume.reached('2')
  expect(resume.lastEventId).toBeUndefined()
  resume.complete('a')
  resume.reached('3')
  expect(resume.lastEventId).toBe('3')
})

test('a token that was brought along holds until the first id', () => {
  const resume = new ResumePoint(['a'], 'brought')
  resume.connected()
  expect(resume.after).toBe('brought')

  resume.reached('1')
  expect(resume.after).toBeUndefined()
  expect(resume.lastEventId).toBe('1')
})

test('an event without an id moves nothing', () => {
  const resume = new ResumePoint(['a'], 'brought')
  resume.reached(undefined)
  expect(resume.after).toBe('brought')
  expect(resume.lastEventId).toBeUndefined()
})
