import { expect, test } from 'vitest'
import { inLine } from './in-line.ts'
import { FakeClock } from './testing/index.ts'

test('each is called in a later turn, alone, in the order in which they came', async () => {
  const clock = new FakeClock()
  const ran: string[] = []
  for (const name of ['a', 'b', 'c']) inLine(clock, () => ran.push(name))
  expect(ran).toEqual([])
  const turns: string[][] = []
  const look = () => {
    turns.push(ran.splice(0))
    if (turns.length < 4) clock.after(0, look)
  }
  clock.after(0, look)
  await clock.advance(0)
  expect(turns).toEqual([['a'], ['b'], ['c'], []])
})

test('a line that has ended begins anew, also from within its last turn', async () => {
  const clock = new FakeClock()
  const ran: string[] = []
  inLine(clock, () => {
    ran.push('first')
    inLine(clock, () => ran.push('second'))
  })
  await clock.advance(0)
  inLine(clock, () => ran.push('third'))
  await clock.advance(0)
  expect(ran).toEqual(['first', 'second', 'third'])
})
