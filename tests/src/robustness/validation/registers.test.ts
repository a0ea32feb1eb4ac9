import { expect, test } from 'vitest'
import type { RegisterOperation } from '../model/register.ts'
import { checkRegister } from './registers.ts'

const call = (operation: RegisterOperation, invokedMs: number, returnedMs: number) => ({
  client: 'c',
  operation,
  invokedMs,
  returnedMs,
})
const lost = (value: string) => call({ kind: 'put', value }, 1, Infinity)
const get = (found: string | null, atMs: number) => call({ kind: 'get', found }, atMs, atMs + 1)

test('a hundred lost puts that nobody has seen cost nothing', () => {
  const puts = Array.from({ length: 100 }, (_, at) => lost(String(at)))
  expect(checkRegister([...puts, get(null, 2), get(null, 4)])).toMatchObject({
    kind: 'linearizable',
    steps: 2,
  })
})

test('a lost put that only a delete has met has happened', () => {
  const calls = [lost('a'), get(null, 2), call({ kind: 'delete', found: true }, 4, 5), get(null, 6)]
  expect(checkRegister(calls).kind).toBe('linearizable')
  expect(checkRegister(calls.slice(1)).kind).toBe('violated')
})

test('a lost put that was seen is not forgotten again', () => {
  expect(checkRegister([lost('a'), get('a', 2), get(null, 4)]).kind).toBe('violated')
})
