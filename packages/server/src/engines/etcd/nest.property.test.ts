import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COMMIT_LIMITS } from '../../catalog/engine/limits.ts'
import type { RequestOp, ResponseOp } from './messages.ts'
import { nest, unnest } from './nest.ts'

const operation = (at: number): RequestOp => ({ request_range: { key: Buffer.from(String(at)) } })

/** How etcd counts: at each level the number of operations, summed along the deepest path. */
function widthOf(operations: readonly RequestOp[]): number {
  const below = operations.map((one) =>
    'request_txn' in one ? widthOf(one.request_txn.success) : 0,
  )
  return operations.length + Math.max(0, ...below)
}

/** Answers each operation with its own number. */
function answer(operations: readonly RequestOp[]): ResponseOp[] {
  return operations.map((one) => {
    if ('request_txn' in one) {
      const responses = answer(one.request_txn.success)
      return { response_txn: { header: null, succeeded: true, responses } }
    }
    const at = 'request_range' in one ? one.request_range.key.toString() : ''
    return { response_range: { header: null, kvs: [], more: false, count: at } }
  })
}

test('any number of operations is as narrow as asked for, and answered in its order', () => {
  const counts = fc.integer({ min: 0, max: COMMIT_LIMITS.operations })
  fc.assert(
    fc.property(counts, fc.integer({ min: 24, max: 126 }), (count, limit) => {
      const operations = Array.from({ length: count }, (_, at) => operation(at))
      const nested = nest(operations, limit)
      if (!nested) throw new Error('There is always a tree that narrow.')
      expect(widthOf(nested.operations)).toBeLessThanOrEqual(nested.width)
      expect(nested.width).toBeLessThanOrEqual(limit)
      const answers = unnest(answer(nested.operations), nested.depth)
      expect(answers.map((one) => Number(one.response_range?.count))).toEqual([
        ...operations.keys(),
      ])
    }),
    { numRuns: 60 },
  )
})

test('where no tree is narrow enough there is none', () => {
  expect(
    nest(
      Array.from({ length: 4_000 }, (_, at) => operation(at)),
      10,
    ),
  ).toBeUndefined()
})
