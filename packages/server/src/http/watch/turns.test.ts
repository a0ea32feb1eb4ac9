import { FakeClock } from '@rollcall/runtime/testing'
import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

/** Workers of so many steps, each of which takes 4 ms; answers what was done, turn by turn. */
async function work(workers: Readonly<Record<string, number>>): Promise<string> {
  const clock = new FakeClock()
  let done = ''
  const turns = new Turns({
    monotonicMs: () => clock.monotonicMs(),
    after: (ms, act) =>
      clock.after(ms, () => {
        done += ' '
        act()
      }),
  })
  const goOn = (name: string, left: number) => {
    for (let at = left; at > 0; at -= 1) {
      if (!turns.mayGoOn(() => goOn(name, at))) return
      done += name
      clock.stall(4)
    }
  }
  for (const [name, steps] of Object.entries(workers)) goOn(name, steps)
  await clock.advance(100)
  return done
}

test('what takes little is done at once', async () => {
  expect(await work({ a: 1, b: 1 })).toBe('ab ')
})

test('what takes long is done in turns, in the order in which it was asked for', async () => {
  expect(await work({ a: 4, b: 2, c: 1 })).toBe('aaa abb c ')
})
