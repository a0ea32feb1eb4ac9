import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { LeaseBook } from './lease-book.ts'

function setUp() {
  const clock = new FakeClock()
  const book = new LeaseBook(clock)
  return { clock, book }
}

test('a lease that was renewed after it was taken as due is not due any more', () => {
  const { clock, book } = setUp()
  book.add({ id: 1, ttlMs: 2_000 })
  clock.advanceNow(2_000)
  const due = book.takeDue()
  expect(due).toBeDefined()
  if (!due) return
  expect(book.isStillDue(due)).toBe(true)
  book.renew(1)
  expect(book.isStillDue(due)).toBe(false)
  book.again(due)
  expect(book.nextMs()).toBe(4_000)
  expect(book.takeDue()).toBeUndefined()
})

test('a lease that was ended and granted again under its id is another one', () => {
  const { clock, book } = setUp()
  book.add({ id: 1, ttlMs: 2_000 })
  clock.advanceNow(2_000)
  const due = book.takeDue()
  book.remove(1)
  book.add({ id: 1, ttlMs: 2_000 })
  expect(due && book.isStillDue(due)).toBe(false)
})

test('it tells how long a lease has left, and gives all their full ttl when they are replaced', () => {
  const { clock, book } = setUp()
  book.add({ id: 1, ttlMs: 2_000 })
  clock.advanceNow(500)
  expect(book.state(1)).toEqual({ id: 1, ttlMs: 2_000, remainingMs: 1_500 })
  clock.advanceNow(5_000)
  expect(book.state(1)?.remainingMs).toBe(0)
  book.replace([{ id: 2, ttlMs: 3_000 }])
  expect(book.list()).toEqual([{ id: 2, ttlMs: 3_000 }])
  expect(book.state(2)?.remainingMs).toBe(3_000)
  expect(book.state(1)).toBeUndefined()
  expect(book.renew(1)).toBeUndefined()
})
