import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareKeys } from '../key-order.ts'
import { KvTable } from './kv-table.ts'

type Step =
  | { readonly kind: 'put'; readonly key: string; readonly lease: number }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'delete_all'; readonly keys: readonly string[] }
  | { readonly kind: 'delete_below'; readonly prefix: string; readonly backwards: boolean }

const MANY = 400

/** Few enough to meet again, some with characters in which text and bytes are ordered differently. */
const keys = fc
  .tuple(fc.constantFrom('k/a', 'k/b', 'k/\u{1f600}', 'k/\uffee'), fc.nat(MANY))
  .map(([start, n]) => `${start}/${String(n).padStart(3, '0')}`)

/** Of a few that follow each other, in any order. */
const neighbours = fc
  .uniqueArray(fc.nat(5), { maxLength: 5 })
  .map((numbers) => numbers.map((n) => `k/a/00${n}`))

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('put'), key: keys, lease: fc.nat(2) }) },
  fc.record({ kind: fc.constant('delete'), key: keys }),
  fc.record({
    kind: fc.constant('delete_all'),
    keys: fc.oneof(fc.uniqueArray(keys, { maxLength: 40 }), neighbours),
  }),
  fc.record({
    kind: fc.constant('delete_below'),
    prefix: fc.constantFrom('k/a', 'k/a/1', 'k/a/12', 'k/b/3', 'k/\u{1f600}/0', 'k/'),
    backwards: fc.boolean(),
  }),
)

test('whatever is put and deleted, keys are found by name, in order and by lease as in a plain list', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(steps, { maxLength: 40 }), (isFilled, all) => {
      const table = new KvTable()
      const model = new Map<string, number>()
      const put = (key: string, lease: number) => {
        table.put({ key, value: new Uint8Array(), createRevision: 1, modRevision: 1, lease })
        model.set(key, lease)
      }
      // Enough for the order to have levels.
      if (isFilled) for (let n = 0; n < MANY; n += 1) put(`k/a/${String(n).padStart(3, '0')}`, 1)
      for (const step of all) {
        if (step.kind === 'put') put(step.key, step.lease)
        else act(step, table, model)
        expect(seen(table)).toEqual(expected(model))
      }
    }),
  )
})

function act(step: Exclude<Step, { kind: 'put' }>, table: KvTable, model: Map<string, number>) {
  if (step.kind === 'delete') {
    table.delete(step.key)
    table.settle()
    model.delete(step.key)
    return
  }
  for (const key of step.kind === 'delete_all' ? step.keys : below(step, model)) {
    table.delete(key)
    model.delete(key)
  }
  table.settle()
}

function below({ prefix, backwards }: Step & { kind: 'delete_below' }, model: Map<string, number>) {
  const found = Array.from(model.keys()).filter((key) => key.startsWith(prefix))
  return backwards ? found.reverse() : found
}

function seen(table: KvTable) {
  return {
    size: table.size,
    order: Array.from(table.from(''), ({ key }) => key),
    middle: Array.from(table.from('k/b'), ({ key }) => key),
    leased: [1, 2].map((lease) => Array.from(table.ofLease(lease)).sort(compareKeys)),
  }
}

function expected(model: Map<string, number>) {
  const order = Array.from(model.keys()).sort(compareKeys)
  return {
    size: model.size,
    order,
    middle: order.filter((key) => compareKeys(key, 'k/b') >= 0),
    leased: [1, 2].map((lease) => order.filter((key) => model.get(key) === lease)),
  }
}
