import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Commit } from '../../catalog/engine.ts'
import { Model } from '../../testing/engine-contract/model.ts'
import { conflictingCommit } from '../../testing/engine-contract/serial-order.ts'
import { BATCH_BYTES, cutBatch, isWithinWidth, type Waiting } from './cut-batch.ts'
import { footprintOf, hasPrefix, type Footprint, type Touched } from './footprint.ts'

const GET = { request_range: { key: Buffer.from('k') } }

interface Numbered extends Waiting {
  readonly commit: Commit
  readonly at: number
}

const waiting = (commit: Commit, at: number, more: Partial<Waiting> = {}): Numbered => {
  const footprint = footprintOf(commit)
  return {
    commit,
    at,
    footprint,
    requests: [GET],
    bytes: 100,
    width: 4,
    serial: undefined,
    ...more,
  }
}

const commits = fc.array(conflictingCommit, { minLength: 1, maxLength: 30 })
const NEWEST = 6
const queue = commits.map((all) => all.map((make, at) => waiting(make(NEWEST), at)))

/** All batches that a queue is cut into. */
function cutAll(all: readonly Numbered[]): Numbered[][] {
  const batches: Numbered[][] = []
  let left = [...all]
  while (left.length > 0) {
    const cut = cutBatch(left)
    batches.push(cut.taken)
    left = cut.left
  }
  return batches
}

/** All keys that the commits are drawn with. */
const KEYS = ['a', 'a/1', 'a/2', 'b', 'b/1']

function conflict(left: Footprint, right: Footprint): boolean {
  const touches = ({ keys, prefixes }: Touched, key: string) =>
    keys.has(key) || prefixes.some((prefix) => key.startsWith(prefix))
  return KEYS.some(
    (key) =>
      (touches(left.writes, key) && (touches(right.writes, key) || touches(right.reads, key))) ||
      (touches(left.reads, key) && touches(right.writes, key)),
  )
}

test('what etcd makes of a batch is what a map makes of its commits one after the other', () => {
  fc.assert(
    fc.property(queue, (all) => {
      const judgedAtOnce = new Model()
      const oneByOne = new Model()
      for (const [at, batch] of cutAll(all).entries()) {
        const revision = at + 1
        // etcd judges all compares before it writes anything.
        const held = batch.map(({ commit }) =>
          commit.compares.every((compare) => judgedAtOnce.holds(compare)),
        )
        const ofBatch = batch.map(({ commit }, place) => {
          const then = held[place] === true ? commit.then : (commit.otherwise ?? [])
          return judgedAtOnce.do({ compares: [], then }, revision).results
        })
        const inOrder = batch.map(({ commit }) => oneByOne.do(commit, revision))
        expect(held).toEqual(inOrder.map(({ succeeded }) => succeeded))
        expect(ofBatch).toEqual(inOrder.map(({ results }) => results))
        expect(judgedAtOnce.entries).toEqual(oneByOne.entries)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('nothing overtakes what it conflicts with, nothing is lost, and the first is always taken', () => {
  fc.assert(
    fc.property(queue, (all) => {
      const batches = cutAll(all)
      expect(
        batches
          .flat()
          .map(({ at }) => at)
          .toSorted((left, right) => left - right),
      ).toEqual([...all.keys()])
      const batchOf = new Map(batches.flatMap((batch, place) => batch.map(({ at }) => [at, place])))
      for (const later of all) {
        for (const earlier of all.slice(0, later.at)) {
          if (!conflict(earlier.footprint, later.footprint)) continue
          expect(batchOf.get(earlier.at)).toBeLessThan(batchOf.get(later.at) ?? 0)
        }
      }
      for (const batch of batches) {
        if (batch.some(({ footprint }) => hasPrefix(footprint))) expect(batch).toHaveLength(1)
      }
    }),
  )
})

test('commits of one serial go in different batches, in their order', () => {
  const put = (key: string): Commit => ({
    compares: [],
    then: [{ kind: 'put', key, value: Buffer.from('') }],
  })
  const all = ['a', 'b', 'c', 'd'].map((key, at) =>
    waiting(put(key), at, { serial: key === 'c' ? undefined : 's' }),
  )
  expect(cutAll(all).map((batch) => batch.map(({ at }) => at))).toEqual([[0, 2], [1], [3]])
})

test('a batch keeps to the bytes and the width that etcd takes', () => {
  const size = fc.record({
    bytes: fc.nat(BATCH_BYTES + 64 * 1_024),
    width: fc.integer({ min: 0, max: 122 }),
    requests: fc
      .integer({ min: 1, max: 4 })
      .map((count) => Array.from({ length: count }, () => GET)),
  })
  fc.assert(
    fc.property(fc.array(size, { minLength: 1, maxLength: 300 }), (sizes) => {
      const all = sizes.map((more, at) =>
        waiting({ compares: [], then: [{ kind: 'get', key: `k/${at}` }] }, at, more),
      )
      for (const batch of cutAll(all)) {
        const width = Math.max(...batch.map((one) => one.width))
        const requests = batch.reduce((sum, one) => sum + one.requests.length, 0)
        expect(isWithinWidth(requests, width)).toBe(true)
        const bytes = batch.reduce((sum, one) => sum + one.bytes, 0)
        if (batch.length > 1) expect(bytes).toBeLessThanOrEqual(BATCH_BYTES)
      }
    }),
  )
})
