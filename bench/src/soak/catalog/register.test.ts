import { expect, test } from 'vitest'
import { Register } from './register.ts'

test('allows what was confirmed last, and nothing before it', () => {
  const register = new Register()
  expect(register.allows(undefined)).toBe(true)
  register.confirm('a')
  register.confirm('b')
  expect(register.allows('b')).toBe(true)
  expect(register.allows('a')).toBe(false)
  expect(register.allows(undefined)).toBe(false)
})

test('allows either while a write was not answered', () => {
  const register = new Register()
  register.confirm('a')
  register.doubt(undefined)
  expect(register.isInDoubt).toBe(true)
  expect([register.allows('a'), register.allows(undefined), register.allows('b')]).toEqual([
    true,
    true,
    false,
  ])
})

test('holds on to what was found', () => {
  const register = new Register()
  register.confirm('a')
  register.doubt('b')
  register.settle('b')
  expect(register.isInDoubt).toBe(false)
  expect(register.allows('a')).toBe(false)
  expect(register.confirmed).toBe('b')
})
