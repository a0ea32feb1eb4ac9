import { RegistryError } from '@rollcall/protocol/errors'
import { expect, test } from 'vitest'
import type { Batch } from '../engine.ts'
import { ChangeFeed } from './change-feed.ts'

const batch = (revision: number): Batch => ({
  revision,
  changes: [{ kind: 'delete', key: `k/${revision}` }],
})
const batches = (from: number, to: number): Batch[] =>
  Array.from({ length: to - from + 1 }, (_, at) => batch(from + at))

/** A feed that keeps three revisions in memory, over a log that holds what follows `compacted`. */
function setUp({ compacted = 0, withLog = true } = {}) {
  const log: Batch[] = []
  const reads: [number, number][] = []
  const readLog = async (from: number, before: number) => {
    reads.push([from, before])
    if (from <= compacted) return undefined
    const wanted = log.filter(({ revision }) => revision >= from && revision < before)
    return await Promise.resolve(wanted.slice(0, 2))
  }
  const options = { revision: 0, keepBytes: 10_000, keepRevisions: 3 }
  const feed = new ChangeFeed(withLog ? { ...options, readLog } : options)
  const publish = (...some: Batch[]) => {
    log.push(...some)
    feed.publish(some)
  }
  return { feed, publish, reads }
}

/** Reads until a revision, one hand-out at a time. */
async function readTo(feed: ChangeFeed, from: number, to: number): Promise<number[]> {
  const seen: number[] = []
  const stop = new AbortController()
  for await (const some of feed.watch(from, stop.signal)) {
    seen.push(...some.map(({ revision }) => revision))
    if ((seen.at(-1) ?? 0) >= to) stop.abort()
  }
  return seen
}

test('what memory no longer has comes from the log, and the rest from memory, without a gap', async () => {
  const { feed, publish, reads } = setUp()
  publish(...batches(1, 10))
  expect(await readTo(feed, 1, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(reads.every(([, before]) => before === 8)).toBe(true)
  reads.length = 0
  expect(await readTo(feed, 8, 10)).toEqual([8, 9, 10])
  expect(reads).toEqual([])
})

test('a slow watcher falls back to the log while the others go on in memory', async () => {
  const { feed, publish, reads } = setUp()
  publish(batch(1))
  const slow = feed.watch(1, new AbortController().signal)[Symbol.asyncIterator]()
  expect((await slow.next()).value).toEqual([batch(1)])
  publish(...batches(2, 9))
  const seen: Batch[] = []
  while ((seen.at(-1)?.revision ?? 0) < 9) {
    seen.push(...((await slow.next()).value as readonly Batch[]))
  }
  expect(seen).toEqual(batches(2, 9))
  expect(reads[0]).toEqual([2, 7])
})

test('revisions may have gaps, in memory and in the log', async () => {
  const { feed, publish } = setUp()
  publish(...[3, 7, 8, 20, 21, 30].map(batch))
  expect(await readTo(feed, 1, 30)).toEqual([3, 7, 8, 20, 21, 30])
  expect(await readTo(feed, 9, 30)).toEqual([20, 21, 30])
})

test('what neither has is compacted', async () => {
  const { feed, publish } = setUp({ compacted: 2 })
  publish(...batches(1, 9))
  await expect(readTo(feed, 2, 9)).rejects.toMatchObject({
    code: 'compacted',
    details: { revision: 2 },
  })
  expect(await readTo(feed, 3, 9)).toHaveLength(7)
  const alone = setUp({ withLog: false })
  alone.publish(...batches(1, 9))
  await expect(readTo(alone.feed, 6, 9)).rejects.toMatchObject({ code: 'compacted' })
  expect(await readTo(alone.feed, 7, 9)).toEqual([7, 8, 9])
})

test('one revision is kept whatever its size', async () => {
  const feed = new ChangeFeed({ revision: 0, keepBytes: 10, keepRevisions: 3 })
  feed.publish([batch(1)])
  expect(await readTo(feed, 1, 1)).toEqual([1])
})

test('watches end when the content is replaced, also those that were not begun', async () => {
  const { feed, publish } = setUp()
  publish(batch(1))
  const waiting = readTo(feed, 2, 2)
  waiting.catch(() => {})
  const notBegun = feed.watch(1, new AbortController().signal)[Symbol.asyncIterator]()
  feed.restart(1_000)
  await expect(waiting).rejects.toMatchObject({ code: 'generation_changed' })
  await expect(notBegun.next()).rejects.toMatchObject({ code: 'generation_changed' })
  feed.publish([batch(1_001)])
  expect(await readTo(feed, 1_001, 1_001)).toEqual([1_001])
})

test('while it is cut off watches end with the reason, and later they go on', async () => {
  const { feed, publish } = setUp()
  publish(batch(1))
  const waiting = readTo(feed, 2, 2)
  waiting.catch(() => {})
  feed.cutOff(new RegistryError('unavailable', 'The folder is gone.'))
  await expect(waiting).rejects.toMatchObject({ code: 'unavailable' })
  await expect(readTo(feed, 1, 1)).rejects.toMatchObject({ code: 'unavailable' })
  feed.cutOff(undefined)
  publish(batch(2))
  expect(await readTo(feed, 1, 2)).toEqual([1, 2])
})
