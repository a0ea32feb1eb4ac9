import { expect, test } from 'vitest'
import { violationsOf } from './cluster-checks.ts'
import { explanationOf } from './cluster-exceptions.ts'
import { crash, BOUNDS, found, renew, setUp, show, SHOWN, UP } from './cluster-told-history.ts'
import type { Violation } from './cluster-violation.ts'

test('what another has loaded from disk while alone may come back to whoever meets it, for its ttl', () => {
  const back = (loadedMs: number, metMs: number) => {
    const { history, key } = setUp()
    history.path('A', 'B').set(10, 'none')
    renew(key, 'A', { fromMs: 1_000, toMs: 10_000 })
    crash(key, 11_000)
    key.loads.push(loadedMs)
    history.condition('A').set(12_000, { ...UP, isUp: false, isReady: false })
    history.condition('A').set(loadedMs, UP)
    history.path('A', 'B').set(metMs, 'direct')
    show(key, 'A', [1_000, SHOWN], [12_000, undefined], [loadedMs, SHOWN], [34_000, undefined])
    show(key, 'B', [1_050, SHOWN], [20_000, undefined], [metMs, SHOWN], [metMs + 100, undefined])
    return found(history).filter((wrong) => wrong.endsWith('at B'))
  }
  expect(back(25_000, 26_000)).toEqual([])
  expect(back(25_000, 35_900)).toEqual([])
  expect(back(25_000, 36_100)).toEqual(['I4 dead reappears at B'])
  expect(back(29_000, 28_000)).toEqual(['I4 dead reappears at B'])
})

test('an eviction by a home that dies before the others can refute it is a stated exception', () => {
  const nameOf = ({ diedMs, wasHome = true }: { diedMs: number; wasHome?: boolean }) => {
    const { history, key } = setUp(['A', 'B', 'C'])
    history.path('A', 'C').set(10, 'none')
    renew(key, 'A', { fromMs: 1_000, toMs: 55_000 })
    show(key, 'A', [1_000, SHOWN])
    show(key, 'C', [1_000, SHOWN], [20_000, undefined])
    show(key, 'B', [1_050, SHOWN], [20_010, undefined], [28_000, SHOWN])
    if (wasHome) key.homes.get('C')?.set(15_000, 'C#0')
    history.condition('C').set(diedMs, { ...UP, isUp: false, isReady: false })
    const isIt = ({ invariant, node }: Violation) =>
      invariant === 'I3 false absence' && node === 'B'
    const violation = violationsOf(history, BOUNDS).find(isIt)
    if (!violation) throw new Error('the absence was not found')
    return explanationOf(violation, history)?.name
  }
  expect(nameOf({ diedMs: 20_900 })).toBe('ended by one who died')
  expect(nameOf({ diedMs: 21_100 })).toBeUndefined()
  expect(nameOf({ diedMs: 20_900, wasHome: false })).toBeUndefined()
})
