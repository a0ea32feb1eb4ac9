import { expect, test } from 'vitest'
import { violationsOf } from './cluster-checks.ts'
import { explanationOf } from './cluster-exceptions.ts'
import { knowing } from './cluster-knowledge.ts'
import { History, type View } from './cluster-history.ts'
import { BOUNDS, UP, SHOWN, setUp, say, renew, show, found, crash } from './cluster-told-history.ts'
import type { Violation } from './cluster-violation.ts'

test('an instance that is shown while it lives and gone in time after it breaks nothing', () => {
  const { history, key } = setUp()
  renew(key, 'A', { fromMs: 1_000, toMs: 31_000 })
  crash(key, 32_000)
  show(key, 'A', [1_000, SHOWN], [40_500, undefined])
  show(key, 'B', [1_050, SHOWN], [40_550, undefined])
  expect(found(history)).toEqual([])
})

test('an instance that lives and is not shown for long is missed, where its heartbeats can be known', () => {
  const missing = (path: 'direct' | 'third' | 'none', ms: number) => {
    const { history, key } = setUp()
    history.path('A', 'B').set(10, path)
    renew(key, 'A', { fromMs: 1_000, toMs: 58_000 })
    show(key, 'A', [1_000, SHOWN])
    show(key, 'B', [1_050, SHOWN], [20_000, undefined], [20_000 + ms, SHOWN])
    return found(history).includes('I3 false absence at B')
  }
  expect(missing('direct', 5_700)).toBe(false)
  expect(missing('direct', 5_900)).toBe(true)
  expect(missing('third', 9_200)).toBe(false)
  expect(missing('third', 9_400)).toBe(true)
  expect(missing('none', 30_000)).toBe(false)
})

test('a node that is not ready, or only just joined, is not blamed', () => {
  const { history, key } = setUp()
  renew(key, 'A', { fromMs: 1_000, toMs: 58_000 })
  show(key, 'A', [1_000, SHOWN])
  show(key, 'B', [38_000, SHOWN])
  const condition = { isUp: true, isStalled: false, isReady: false, isIsolated: false }
  history.condition('B').set(100, condition)
  history.condition('B').set(34_000, { ...condition, isReady: true })
  history.path('A', 'B').set(100, 'none')
  history.path('A', 'B').set(36_000, 'direct')
  expect(found(history)).toEqual([])
  history.path('A', 'B').set(36_500, 'none')
})

test('a live instance that flickers is counted where a scenario allows no flicker', () => {
  const { history, key } = setUp()
  renew(key, 'A', { fromMs: 1_000, toMs: 58_000 })
  show(key, 'A', [1_000, SHOWN])
  show(key, 'B', [1_050, SHOWN], [20_000, undefined], [20_100, SHOWN])
  expect(found(history)).toEqual(['I3 empty at B'])
  expect(found(history, { flapsMax: 0 })).toContain('flap at B')
})

test('the dead must be gone in time: later through a third, latest after faults', () => {
  const late = (path: 'direct' | 'third' | 'none', goneMs: number) => {
    const { history, key } = setUp()
    history.path('A', 'B').set(10, path)
    renew(key, 'A', { fromMs: 1_000, toMs: 10_000 })
    crash(key, 11_000)
    show(key, 'A', [1_000, SHOWN], [19_500, undefined])
    show(key, 'B', [1_050, SHOWN], [goneMs, undefined])
    return found(history).includes('I4 dead shown at B')
  }
  expect([late('direct', 20_900), late('direct', 21_100)]).toEqual([false, true])
  expect([late('third', 23_900), late('third', 24_100)]).toEqual([false, true])
  expect([late('none', 35_900), late('none', 36_100)]).toEqual([false, true])
})

test('what a node loaded while alone may stay for a ttl after, however long it was down', () => {
  const late = (loadedMs: number, goneMs: number) => {
    const { history, key } = setUp()
    history.path('A', 'B').set(10, 'none')
    renew(key, 'A', { fromMs: 1_000, toMs: 10_000 })
    crash(key, 11_000)
    key.loads.push(loadedMs)
    history.condition('B').set(12_000, { ...UP, isUp: false, isReady: false })
    history.condition('B').set(loadedMs, UP)
    show(key, 'A', [1_000, SHOWN], [20_000, undefined])
    show(key, 'B', [1_050, SHOWN], [12_000, undefined], [loadedMs, SHOWN], [goneMs, undefined])
    return found(history)
  }
  expect(late(20_000, 44_900)).toEqual([])
  expect(late(20_000, 45_100)).toEqual(['I4 dead shown at B'])
  expect(late(40_000, 50_900)).toEqual([])
  expect(late(40_000, 51_100)).toEqual(['I4 dead shown at B'])
})

test('what another kept while it stood still may stay for as much longer, as an exception', () => {
  const nameOf = (goneMs: number) => {
    const { history, key } = setUp()
    history.path('A', 'B').set(10, 'none')
    history.condition('A').set(12_000, { ...UP, isStalled: true })
    history.condition('A').set(16_000, UP)
    renew(key, 'A', { fromMs: 1_000, toMs: 10_000 })
    crash(key, 11_000)
    show(key, 'A', [1_000, SHOWN], [20_000, undefined])
    show(key, 'B', [1_050, SHOWN], [goneMs, undefined])
    return violationsOf(history, BOUNDS).map((each) => explanationOf(each, history)?.name)
  }
  expect(nameOf(35_900)).toEqual([])
  expect(nameOf(39_900)).toEqual(['its keeper stood still'])
  expect(nameOf(40_100)).toEqual([undefined])
})

test('a home that stood still for long excuses only who learnt of the instance from it after', () => {
  const nameOf = (knownMs: number) => {
    const { history, key } = setUp()
    history.path('A', 'B').set(10, 'none')
    history.condition('A').set(12_000, { ...UP, isStalled: true })
    history.condition('A').set(24_000, UP)
    renew(key, 'A', { fromMs: 1_000, toMs: 10_000 })
    key.homes.get('A')?.set(1_000, 'A#1')
    crash(key, 11_000)
    show(key, 'A', [1_000, SHOWN], [20_000, undefined])
    show(key, 'B', [knownMs, SHOWN], [37_000, undefined])
    return violationsOf(history, BOUNDS)
      .filter(({ invariant }) => invariant === 'I4 dead shown')
      .map((each) => explanationOf(each, history)?.name)
  }
  expect(nameOf(24_100)).toEqual(['its keeper stood still'])
  expect(nameOf(1_050)).toEqual([undefined])
})

test('what protection holds may stay', () => {
  const { history, key } = setUp()
  renew(key, 'A', { fromMs: 1_000, toMs: 10_000 })
  crash(key, 11_000)
  show(key, 'A', [1_000, SHOWN], [19_000, { ...SHOWN, held: true }], [58_000, undefined])
  show(key, 'B', [1_050, SHOWN], [58_050, undefined])
  expect(found(history)).toEqual([])
})

test('an isolated node shows the dead until it hears half again', () => {
  const goneAt = (goneMs: number) => {
    const { history, key } = setUp()
    const condition = { isUp: true, isStalled: false, isReady: true, isIsolated: true }
    history.condition('B').set(12_000, condition)
    history.condition('B').set(50_000, { ...condition, isIsolated: false })
    history.path('A', 'B').set(12_000, 'none')
    history.path('A', 'B').set(49_000, 'direct')
    renew(key, 'A', { fromMs: 1_000, toMs: 10_000 })
    crash(key, 11_000)
    show(key, 'A', [1_000, SHOWN], [19_500, undefined])
    show(key, 'B', [1_050, SHOWN], [goneMs, undefined])
    return found(history)
  }
  expect(goneAt(55_000)).toEqual([])
  expect(goneAt(57_000)).toEqual(['I4 dead shown at B'])
})

test('a dead instance does not come back', () => {
  const { history, key } = setUp()
  history.path('A', 'B').set(10, 'none')
  renew(key, 'A', { fromMs: 1_000, toMs: 10_000 })
  crash(key, 11_000)
  show(key, 'A', [1_000, SHOWN], [19_500, undefined])
  show(key, 'B', [1_050, SHOWN], [19_600, undefined], [22_000, SHOWN], [22_500, undefined])
  expect(found(history)).toEqual(['I4 dead reappears at B'])
})

test('another life than a node showed before may be learnt, the same comes back', () => {
  const learns = (gen: number) => {
    const { history, key } = setUp()
    history.path('A', 'B').set(10, 'none')
    history.path('A', 'B').set(22_500, 'direct')
    renew(key, 'A', { fromMs: 1_000, toMs: 10_000 })
    crash(key, 11_000)
    const view = { ...SHOWN, gen }
    show(key, 'A', [1_000, view], [24_000, undefined])
    show(key, 'B', [1_050, SHOWN], [19_600, undefined], [23_000, view], [23_500, undefined])
    return found(history)
  }
  expect(learns(2)).toEqual([])
  expect(learns(1)).toEqual(['I4 dead reappears at B'])
})

test('a node that started meanwhile may learn of the dead from who still shows them', () => {
  const learns = (othersShow: boolean, startedMs: number) => {
    const { history, key } = setUp()
    history.path('A', 'B').set(10, 'none')
    history.path('A', 'B').set(22_500, 'direct')
    renew(key, 'A', { fromMs: 1_000, toMs: 10_000 })
    crash(key, 11_000)
    history.condition('B').set(startedMs, { ...UP, isUp: false, isReady: false })
    history.condition('B').set(startedMs + 1, UP)
    show(key, 'A', [1_000, SHOWN], [othersShow ? 24_000 : 22_900, undefined])
    show(key, 'B', [1_050, SHOWN], [15_000, undefined], [15_500, SHOWN], [19_600, undefined])
    show(key, 'B', [23_000, SHOWN], [23_500, undefined])
    return found(history)
  }
  expect(learns(true, 20_000)).toEqual([])
  expect(learns(true, 15_000)).toEqual(['I4 dead reappears at B'])
  expect(learns(false, 20_000)).toEqual(['I4 dead reappears at B'])
})

function cancelled(shownAgain: readonly (readonly [number, View | undefined])[]) {
  const { history, key } = setUp()
  renew(key, 'A', { fromMs: 1_000, toMs: 10_000 })
  say(key, { atMs: 11_000, process: 1, kind: 'leaving' })
  const cancel = { atMs: 11_050, process: 1, op: 'cancel', node: 'A' } as const
  say(key, { ...cancel, kind: 'accepted', gen: 1, cver: 1, version: '' })
  say(key, { ...cancel, kind: 'answered' })
  say(key, { atMs: 11_060, process: 1, kind: 'left', acknowledged: true })
  show(key, 'A', [1_000, SHOWN], [11_050, undefined])
  show(key, 'B', [1_050, SHOWN], ...shownAgain)
  return history
}

test('a cancelled instance is gone at once and stays gone', () => {
  expect(found(cancelled([[11_100, undefined]]))).toEqual([])
  expect(found(cancelled([[13_200, undefined]]))).toEqual(['I4 cancelled shown at B'])
  const back = cancelled([
    [11_100, undefined],
    [12_200, SHOWN],
    [12_250, undefined],
  ])
  expect(found(back)).toEqual(['I2 resurrection at B'])
})

test('who took a cancel and started again learns of it when it can talk with who knows', () => {
  const late = (isRestarted: boolean, goneMs: number) => {
    const { history, key } = setUp()
    renew(key, 'A', { fromMs: 1_000, toMs: 10_000 })
    const cancel = { atMs: 11_050, process: 1, op: 'cancel', node: 'A' } as const
    say(key, { ...cancel, kind: 'accepted', gen: 1, cver: 1, version: '' })
    say(key, { atMs: 11_060, process: 1, kind: 'left', acknowledged: true })
    if (isRestarted) history.condition('A').set(15_000, { ...UP, isUp: false, isReady: false })
    history.path('A', 'B').set(15_000, 'none')
    if (isRestarted) history.condition('A').set(16_500, UP)
    history.path('A', 'B').set(18_000, 'direct')
    show(key, 'B', [1_050, SHOWN], [11_100, undefined])
    show(key, 'A', [1_000, SHOWN], [11_050, undefined], [16_500, SHOWN], [goneMs, undefined])
    return found(history).filter((wrong) => wrong.endsWith('at A'))
  }
  expect(late(true, 23_900)).toEqual([])
  expect(late(true, 24_100)).toEqual(['I4 cancelled shown at A'])
  expect(late(false, 17_000)).toEqual(['I2 resurrection at A'])
})

test('a cancel that dies with all who knew of it is a stated exception', () => {
  const nameOf = ({ diedMs, restartedMs }: { diedMs: number; restartedMs?: number }) => {
    const history = cancelled([
      [11_100, undefined],
      [20_000, SHOWN],
      [22_500, undefined],
    ])
    const [violation] = violationsOf(history, BOUNDS)
    if (!violation) throw new Error('the resurrection was not found')
    history.condition('A').set(diedMs, { ...UP, isUp: false })
    history.path('A', 'B').set(diedMs, 'none')
    if (restartedMs !== undefined) {
      history.condition('B').set(restartedMs, { ...UP, isUp: false })
      history.condition('B').set(restartedMs + 1_000, UP)
    }
    return explanationOf(violation, history)?.name
  }
  expect(nameOf({ diedMs: 11_500 })).toBe('who knew died')
  // B was told, and lives.
  expect(nameOf({ diedMs: 13_500 })).toBeUndefined()
  expect(nameOf({ diedMs: 13_500, restartedMs: 15_000 })).toBe('who knew died')
  expect(nameOf({ diedMs: 13_500, restartedMs: 21_000 })).toBeUndefined()
  expect(nameOf({ diedMs: 20_500 })).toBeUndefined()
})

test('who can know is told by somebody who knows, for long enough, before that one ends', () => {
  const history = new History()
  for (const node of ['A', 'B', 'C', 'D']) {
    history.addNode(node)
    history.condition(node).set(0, UP)
  }
  history.path('A', 'B').set(0, 'direct')
  history.path('A', 'B').set(12_000, 'none')
  history.path('B', 'C').set(13_000, 'third')
  history.path('B', 'D').set(13_000, 'none')
  history.path('B', 'D').set(15_500, 'direct')
  history.condition('B').set(16_000, { ...UP, isUp: false })
  history.endMs = 60_000
  const found = knowing(history, { node: 'A', atMs: 10_000 }, 1_000)
  const never = Number.POSITIVE_INFINITY
  expect(found).toEqual([
    { node: 'A', fromMs: 10_000, toMs: never },
    { node: 'B', fromMs: 11_000, toMs: 16_000 },
    { node: 'C', fromMs: 14_000, toMs: never },
  ])
})

test('who renews a life that has ended is not missed where that is known', () => {
  const missing = (gen: number) => {
    const { history, key } = setUp()
    history.keys.delete('web k')
    const without = history.addKey('web k', false)
    say(without, ...key.clientEvents)
    renew(without, 'A', { fromMs: 1_000, toMs: 10_000 })
    const other = { atMs: 11_000, process: 0, node: 'B', version: '' } as const
    say(without, { ...other, kind: 'accepted', op: 'cancel', gen, cver: 1 })
    for (let atMs = 13_000; atMs < 40_000; atMs += 3_000) {
      const fact = { atMs, process: 1, node: 'A', op: 'renew' } as const
      say(without, { ...fact, kind: 'accepted', gen: 1, cver: 1, version: '' })
      say(without, { ...fact, kind: 'answered' })
    }
    show(without, 'A', [1_000, SHOWN])
    show(without, 'B', [1_050, SHOWN], [11_000, undefined])
    return found(history).includes('I3 false absence at B')
  }
  expect(missing(1)).toBe(false)
  expect(missing(0)).toBe(true)
})

test('what shows for a moment after a heal may have come by another way, unless its node knew better', () => {
  const nameOf = (brokenMs: number, isRestarted = false) => {
    const history = cancelled([
      [11_100, undefined],
      [20_000, SHOWN],
      [20_300, undefined],
    ])
    history.path('A', 'B').set(brokenMs, 'none')
    history.path('A', 'B').set(19_500, 'direct')
    if (isRestarted) history.condition('B').set(15_000, { ...UP, isUp: false })
    if (isRestarted) history.condition('B').set(16_000, UP)
    const [violation] = violationsOf(history, BOUNDS)
    return violation && explanationOf(violation, history)?.name
  }
  expect(nameOf(11_500)).toBe('came by another way')
  const toldMs = 13_500
  expect(nameOf(toldMs)).toBeUndefined()
  expect(nameOf(toldMs, true)).toBe('came by another way')
})

test('a client without a session may have spoken to two clocks, the later of which wins', () => {
  const explained = (hasSession: boolean, cver: number) => {
    const { history } = setUp()
    const key = history.addKey('web two', hasSession)
    const fact = { process: 1, op: 'register', gen: 1, kind: 'accepted' } as const
    say(key, { ...fact, atMs: 5_000, node: 'A', cver, version: 'v2' })
    say(key, { ...fact, atMs: 6_000, node: 'B', cver: 10, version: 'v3' })
    show(key, 'A', [6_500, { ...SHOWN, version: 'v2' }])
    const said = { atMs: 6_000, node: 'B' }
    const content = { invariant: 'content', atMs: 60_000, key: 'web two', what: '', said } as const
    return explanationOf({ ...content, node: 'A' }, history)?.name
  }
  expect(explained(false, 20)).toBe('spoke to two clocks')
  expect(explained(false, 5)).toBeUndefined()
  expect(explained(true, 20)).toBeUndefined()
})

function final(shown: Record<string, string>, outbox = 0) {
  const records = new Map(Object.entries(shown).map(([n, text]) => [n, new Map([['k', text]])]))
  return {
    records,
    shown: records,
    sizes: new Map<string, number>(),
    roots: new Map(Object.keys(shown).map((node) => [node, '1'])),
    outbox: new Map([
      ['A B', outbox],
      ['B A', 0],
    ]),
  }
}

test('nodes that can talk must agree in the end, at some moment of it', () => {
  const { history } = setUp()
  history.finals.push(final({ A: 'one', B: 'other' }))
  expect(found(history)).toEqual(['I1 converged at A'])
  history.finals.push(final({ A: 'one', B: 'one' }))
  expect(found(history)).toEqual([])
})

test('nodes that could not talk for long need not agree', () => {
  const { history } = setUp()
  history.finals.push(final({ A: 'one', B: 'other' }))
  history.path('A', 'B').set(30_000, 'none')
  history.path('A', 'B').set(45_000, 'direct')
  expect(found(history)).toEqual([])
})

test('a queue that nobody empties is noticed', () => {
  const { history } = setUp()
  history.finals.push(final({ A: 'one', B: 'one' }, 3))
  expect(found(history)).toEqual(['I6 unbounded at A'])
})

test('a node without a channel to one that it could talk to is noticed', () => {
  const { history } = setUp()
  const { outbox, ...rest } = final({ A: 'one', B: 'one' })
  outbox.delete('B A')
  history.finals.push({ ...rest, outbox })
  expect(found(history)).toEqual(['I1 converged at B'])
})

test('when nothing happens nothing is told', () => {
  const { history, key } = setUp()
  renew(key, 'A', { fromMs: 1_000, toMs: 58_000 })
  for (const views of key.views.values()) views.set(1_000, SHOWN)
  history.traffic(30_000).claims += 1
  expect(found(history)).toEqual([])
  history.traffic(50_000).claims += 1
  expect(found(history)).toEqual(['quiet at undefined'])
})

test('a renewal at home costs no message, one elsewhere a few', () => {
  const heard = (node: string) => {
    const { history, key } = setUp()
    renew(key, node, { fromMs: 1_000, toMs: 58_000 })
    for (const views of key.views.values()) views.set(1_000, SHOWN)
    for (const homes of key.homes.values()) homes.set(1_000, 'A#1')
    history.traffic(50_000).forwarded += 2
    return found(history)
  }
  expect(heard('A')).toEqual(['quiet at undefined'])
  expect(heard('B')).toEqual([])
})

test('the last words of client and operator stand, the latest by its stamp', () => {
  const { history, key } = setUp()
  renew(key, 'A', { fromMs: 1_000, toMs: 58_000 })
  key.overrides.push({ atMs: 9_000, node: 'A', value: 'out_of_service', over: 20 })
  key.overrides.push({ atMs: 10_000, node: 'B', value: null, over: 10 })
  const out = { ...SHOWN, status: 'out_of_service' }
  show(key, 'A', [1_000, SHOWN], [9_000, out])
  show(key, 'B', [1_050, SHOWN], [9_050, { ...out, version: 'v0' }])
  expect(found(history)).toEqual(['content at B'])
  show(key, 'B', [59_000, SHOWN])
  expect(found(history)).toEqual(['override at B'])
})

test('a node that hears enough others is not isolated for ever', () => {
  const { history } = setUp()
  const isolated = { isUp: true, isStalled: false, isReady: true, isIsolated: true }
  history.condition('B').set(20_000, isolated)
  expect(found(history)).toEqual(['isolation at B'])
})

test('no exception explains what nobody said', () => {
  const { history } = setUp()
  const violation: Violation = { invariant: 'I1 converged', atMs: 1, what: '' }
  expect(explanationOf(violation, history)).toBeUndefined()
})
