import fc from 'fast-check'
import { expect, test } from 'vitest'
import { comparesOf } from './compare-request.ts'
import { Keyspace } from './keyspace.ts'
import { RESULT, TARGET, type CompareRequest } from './messages.ts'

const keyspace = new Keyspace('/p')
const holds = { [RESULT.equal]: 0, [RESULT.greater]: 1, [RESULT.less]: -1 } as const

/** As etcd compares the revision of a key; that of one that is not there is 0. */
function isTrue(compare: CompareRequest, revision: number): boolean {
  const bound = compare.target === TARGET.mod ? compare.mod_revision : Number.NaN
  return Math.sign(revision - bound) === holds[compare.result]
}

test('a compare of revisions means the same in the terms of etcd, whatever the base', () => {
  const drawn = fc.record({
    base: fc.constantFrom(0, 3, 1_000_000),
    at: fc.nat(8),
    near: fc.nat(5),
    is: fc.constantFrom('=' as const, '<' as const, '>' as const),
  })
  fc.assert(
    fc.property(drawn, ({ base, at, near, is }) => {
      const generation = { number: 2, base, modRevision: 1 }
      const logical = at === 0 ? 0 : base + at
      for (const revision of [near, base + near, logical]) {
        const compare = { kind: 'revision', key: 'k', of: 'mod', is, revision } as const
        const [request] = comparesOf({ keyspace, generation }, [compare])
        const expected = {
          '=': logical === revision,
          '<': logical < revision,
          '>': logical > revision,
        }
        expect({ revision, is: request && isTrue(request, at) }).toEqual({
          revision,
          is: expected[is],
        })
      }
    }),
    { numRuns: 500 },
  )
})
