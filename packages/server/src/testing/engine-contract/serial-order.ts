/**
 * Commits that are issued at once and conflict as they may: whatever the engine made of them has
 * to be what a map makes of them one after the other, in the order of their revisions.
 *
 * @module
 */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Commit, CommitResult, Compare, Engine, Operation } from '../../catalog/engine.ts'
import { live, watched, type EngineKind } from './home.ts'
import { Model } from './model.ts'

const RUNS = 15

// Few keys, so that nearly all commits conflict; some are prefixes of others.
const key = fc.constantFrom('a', 'a/1', 'a/2', 'b', 'b/1')
const prefix = fc.constantFrom('', 'a', 'a/', 'b/')
const value = fc.constantFrom('x', 'y', 'z').map((text) => Buffer.from(text))
const age = fc.nat(6)

/** A commit, by the newest revision when it is issued. */
export type Unplaced = (revision: number) => Commit

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), key, value }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete_prefix' as const), prefix }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
)

/** Revisions in compares are meant as so many before the newest. */
const compare: fc.Arbitrary<Compare> = fc.oneof(
  fc.record({ kind: fc.constant('exists' as const), key, exists: fc.boolean() }),
  fc.record({ kind: fc.constant('value' as const), key, value }),
  fc.record({ kind: fc.constant('empty' as const), prefix }),
  fc.record({ kind: fc.constant('unchanged_since' as const), prefix, revision: age }),
  fc.record({
    kind: fc.constant('revision' as const),
    key,
    of: fc.constantFrom('create' as const, 'mod' as const),
    is: fc.constantFrom('=' as const, '<' as const, '>' as const),
    revision: age,
  }),
)

const branch = fc.array(operation, { maxLength: 4 }).map(withoutDoubleWrites)
/** Commits that conflict as they may. */
export const conflictingCommit: fc.Arbitrary<Unplaced> = fc
  .record({ compares: fc.array(compare, { maxLength: 3 }), then: branch, otherwise: branch })
  .map((drawn) => (revision) => ({
    ...drawn,
    compares: drawn.compares.map((one) =>
      'revision' in one ? { ...one, revision: Math.max(0, revision - one.revision) } : one,
    ),
  }))
const rounds = fc.array(fc.array(conflictingCommit, { minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 6,
})

export function serialOrderContract(kind: EngineKind): void {
  test('commits at once do what they would do one after the other, and watchers see it', async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (drawn) => {
        const { engine, stop } = await live(kind)
        const first = await engine.revision()
        const done: Done[] = []
        for (const round of drawn) {
          const newest = await engine.revision()
          done.push(...(await Promise.all(round.map((make) => doOne(engine, make(newest))))))
        }
        const model = new Model()
        judge(model, done)
        const { entries } = await engine.range({ prefix: '', limit: 100 })
        expect(new Map(entries.map((entry) => [entry.key, entry]))).toEqual(model.entries)
        const last = await engine.revision()
        const followed = new Model()
        for (const batch of await watched(engine, first + 1, last)) followed.follow(batch)
        expect(followed.entries).toEqual(model.entries)
        await stop()
      }),
      { numRuns: RUNS },
    )
  })
}

interface Done {
  readonly commit: Commit
  readonly answer: CommitResult
}

async function doOne(engine: Engine, commit: Commit): Promise<Done> {
  return { commit, answer: await engine.commit(commit) }
}

/**
 * One that changed something is judged by what was before its revision, though it may share it
 * with others that do not touch what it touches; the rest by what is at it.
 */
function judge(model: Model, done: readonly Done[]): void {
  const inOrder = done.toSorted(
    (left, right) =>
      left.answer.revision - right.answer.revision ||
      Number(changes(right)) - Number(changes(left)),
  )
  for (const { commit, answer } of inOrder) {
    const { revision, ...said } = answer
    expect({ commit, revision, ...said }).toEqual({
      commit,
      revision,
      ...model.do(commit, revision),
    })
  }
}

function changes({ answer }: Done): boolean {
  return answer.results.some(
    (result) => result.kind === 'put' || (result.kind === 'deleted' && result.count > 0),
  )
}

function withoutDoubleWrites(operations: readonly Operation[]): Operation[] {
  const kept: Operation[] = []
  for (const operation of operations)
    if (!kept.some((one) => clashes(one, operation))) kept.push(operation)
  return kept
}

function clashes(left: Operation, right: Operation): boolean {
  if (left.kind === 'get' || right.kind === 'get') return false
  if (left.kind === 'delete_prefix')
    return right.kind === 'put' && right.key.startsWith(left.prefix)
  if (right.kind === 'delete_prefix')
    return left.kind === 'put' && left.key.startsWith(right.prefix)
  return left.key === right.key
}
