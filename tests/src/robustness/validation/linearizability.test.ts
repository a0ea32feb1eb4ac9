import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isKnown, type Call } from '../model/call.ts'
import { REGISTER, type RegisterOperation, type Value } from '../model/register.ts'
import { checkLinearizability } from './linearizability.ts'

type RegisterCall = Call<RegisterOperation>

const NEVER = Infinity

const call = (operation: RegisterOperation, invokedMs: number, returnedMs: number) => ({
  client: 'c',
  operation,
  invokedMs,
  returnedMs,
})
const put = (value: string): RegisterOperation => ({ kind: 'put', value })
const get = (found: Value): RegisterOperation => ({ kind: 'get', found })
const swap = (expected: Value, value: string, matched = true): RegisterOperation => ({
  kind: 'swap',
  expected,
  value,
  matched,
})
const remove = (found = true): RegisterOperation => ({ kind: 'delete', found })
const verdict = (calls: readonly RegisterCall[]) => checkLinearizability(REGISTER, calls).kind

test.each<[string, RegisterCall[]]>([
  ['nothing at all', []],
  ['a read of what was put', [call(put('a'), 1, 2), call(get('a'), 3, 4)]],
  ['a read of either while a put is under way', [call(put('a'), 1, 9), call(get(null), 2, 3)]],
  [
    'a read that returns before the put that it saw',
    [call(put('a'), 1, 9), call(get('a'), 2, 3), call(get('a'), 4, 5)],
  ],
  ['a lost put that is never seen', [call(put('a'), 1, NEVER), call(get(null), 2, 3)]],
  [
    'a lost put that takes effect after others were answered',
    [call(put('a'), 1, NEVER), call(put('b'), 2, 3), call(get('b'), 4, 5), call(get('a'), 6, 7)],
  ],
  [
    'a lost compare-and-set that no longer matches',
    [call(swap(null, 'a'), 1, NEVER), call(put('b'), 2, 3), call(get('b'), 4, 5)],
  ],
  [
    'one of two compare-and-sets at once',
    [call(swap(null, 'a'), 1, 5), call(swap(null, 'b', false), 2, 6), call(get('a'), 7, 8)],
  ],
  [
    'a delete that finds what a lost put has put',
    [call(put('a'), 1, NEVER), call(get(null), 2, 3), call(remove(), 4, 5)],
  ],
])('accepts %s', (_, calls) => {
  expect(verdict(calls)).toBe('linearizable')
})

test.each<[string, RegisterCall[]]>([
  ['a read of what nobody put', [call(get('a'), 1, 2)]],
  ['a put that was lost after it was answered', [call(put('a'), 1, 2), call(get(null), 3, 4)]],
  ['a stale read', [call(put('a'), 1, 2), call(put('b'), 3, 4), call(get('a'), 5, 6)]],
  [
    'two reads that see two puts in two orders',
    [call(put('a'), 1, 9), call(put('b'), 1, 9), call(get('a'), 10, 11), call(get('b'), 12, 13)],
  ],
  [
    'a read that goes back, while the put is under way',
    [call(put('a'), 1, 9), call(get('a'), 2, 3), call(get(null), 4, 5)],
  ],
  ['a read before the put was asked for', [call(get('a'), 1, 2), call(put('a'), 3, 4)]],
  [
    'two compare-and-sets that match the same',
    [call(swap(null, 'a'), 1, 5), call(swap(null, 'b'), 2, 6)],
  ],
  ['a conflict with what was there', [call(put('a'), 1, 2), call(swap('a', 'b', false), 3, 4)]],
  ['a delete that finds nothing', [call(put('a'), 1, 2), call(remove(false), 3, 4)]],
  [
    'a lost put that takes effect twice',
    [call(put('a'), 1, NEVER), call(get('a'), 2, 3), call(put('b'), 4, 5), call(get('a'), 6, 7)],
  ],
  ['a lost put that is seen before it', [call(get('a'), 1, 2), call(put('a'), 3, NEVER)]],
])('refuses %s', (_, calls) => {
  expect(verdict(calls)).toBe('violated')
})

test('says how far it came, and which answer fits nowhere', () => {
  const stale = call(get('a'), 5, 6)
  const puts = [call(put('a'), 1, 2), call(put('b'), 3, 4)]
  expect(checkLinearizability(REGISTER, [stale, ...puts])).toEqual({
    kind: 'violated',
    order: puts,
    stuckAt: stale,
  })
})

test('gives up after so many steps, and says so', () => {
  const calls = Array.from({ length: 12 }, (_, at) => call(put(String(at)), 1, 2))
  const impossible = [...calls, call(get('none'), 3, 4)]
  expect(checkLinearizability(REGISTER, impossible, 1_000)).toEqual({
    kind: 'undecided',
    steps: 1_000,
  })
})

test('a long history of many clients is judged at once', () => {
  const calls: RegisterCall[] = []
  for (let round = 0; round < 200; round += 1) {
    for (let at = 0; at < 5; at += 1) {
      calls.push(call(put(`${round}/${at}`), round * 10, round * 10 + 5 + at))
    }
    calls.push(call(get(`${round}/${round % 5}`), round * 10 + 1, round * 10 + 9.5))
  }
  expect(verdict(calls)).toBe('linearizable')
})

/** What a client asks for; what it is answered is up to the register. */
const asked = fc.record({
  kind: fc.constantFrom('put', 'swap', 'delete', 'get'),
  /** Of a swap: whether it expects what is there. */
  isRight: fc.boolean(),
  /** How long before and after the moment of its effect it was invoked and answered. */
  beforeMs: fc.double({ min: 0, max: 5, noNaN: true }),
  afterMs: fc.double({ min: 0, max: 5, noNaN: true }),
  fate: fc.constantFrom('known', 'known', 'known', 'known', 'lost', 'never'),
})

test('accepts whatever a register answers, one call after the other', () => {
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 60 }), (requests) => {
      const alone = requests.map((one) => ({ ...one, beforeMs: 0.2, afterMs: 0.2 }))
      expect(verdict(historyOf(alone))).toBe('linearizable')
    }),
  )
})

test('accepts whatever a register answers to many at once, with answers that are lost', () => {
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 60 }), (requests) => {
      expect(verdict(historyOf(requests))).toBe('linearizable')
    }),
  )
})

test('agrees with a search through all orders', () => {
  const values = fc.constantFrom('a', 'b', null)
  const operation: fc.Arbitrary<RegisterOperation> = fc.oneof(
    fc.constantFrom(put('a'), put('b'), remove(), remove(false)),
    values.map(get),
    fc.tuple(values, fc.constantFrom('a', 'b'), fc.boolean()).map(([from, to, matched]) => {
      return swap(from, to, matched)
    }),
  )
  const calls = fc
    .tuple(operation, fc.nat(8), fc.integer({ min: 1, max: 6 }), fc.nat(5))
    .map(([one, fromMs, tookMs, luck]) => call(one, fromMs, luck === 0 ? NEVER : fromMs + tookMs))
  const seen = { linearizable: 0, violated: 0, undecided: 0 }
  fc.assert(
    fc.property(fc.array(calls, { maxLength: 6 }), (history) => {
      const found = verdict(history)
      seen[found] += 1
      expect(found).toBe(hasOrder(null, history) ? 'linearizable' : 'violated')
    }),
    { numRuns: 2_000 },
  )
  expect(Math.min(seen.linearizable, seen.violated)).toBeGreaterThan(100)
})

/** What a register answers to requests that take effect at 1, 2, 3 and so on. */
function historyOf(
  requests: readonly {
    readonly kind: string
    readonly isRight: boolean
    readonly beforeMs: number
    readonly afterMs: number
    readonly fate: string
  }[],
): RegisterCall[] {
  let state: Value = null
  return requests.map(({ kind, isRight, beforeMs, afterMs, fate }, at) => {
    const operation = answered(kind, { state, value: String(at), isRight })
    if (fate !== 'never') state = REGISTER.apply(state, operation, true) ?? null
    const effectMs = at + 1
    const returnedMs = fate === 'known' ? effectMs + afterMs : NEVER
    return call(operation, effectMs - beforeMs, returnedMs)
  })
}

function answered(
  kind: string,
  { state, value, isRight }: { state: Value; value: string; isRight: boolean },
): RegisterOperation {
  if (kind === 'put') return put(value)
  if (kind === 'get') return get(state)
  if (kind === 'delete') return remove(state !== null)
  return swap(isRight ? state : 'of nobody', value, isRight)
}

/** The definition, word by word: some order of all that is known and some of what is not. */
function hasOrder(state: Value, left: readonly RegisterCall[]): boolean {
  if (!left.some(isKnown)) return true
  const firstAnswerMs = Math.min(...left.map(({ returnedMs }) => returnedMs))
  return left.some((one, at) => {
    if (one.invokedMs > firstAnswerMs) return false
    const next = REGISTER.apply(state, one.operation, isKnown(one))
    return next !== undefined && hasOrder(next, left.toSpliced(at, 1))
  })
}
