import { expect, test } from 'vitest'
import { setUpCatalog } from '../../testing/catalog-harness.ts'
import { CatalogTopic } from './catalog-topic.ts'
import { KvFeed } from './kv-feed.ts'
import { PrefixSet } from './prefix-set.ts'
import type { TopicFrame } from './topic.ts'
import { Turns } from './turns.ts'

async function setUp() {
  const t = await setUpCatalog()
  const { catalog, clock } = t
  const feed = new KvFeed(catalog, new PrefixSet(['a/']))
  const topic = new CatalogTopic({ feed, clock, turns: new Turns(clock) })
  const listen = () => {
    const frames: TopicFrame[] = []
    const stop = topic.subscribe({ change: (frame) => frames.push(frame), restart: () => {} })
    return { frames, stop }
  }
  const put = (key: string) => catalog.kv.put(key, Buffer.from('v'))
  return Object.assign(t, { topic, listen, put })
}

const idsOf = ({ eventWithId }: TopicFrame) =>
  [...eventWithId.toString().matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))

test('revisions of one turn go out together, each with its id', async () => {
  await using t = await setUp()
  const { frames } = t.listen()
  await Promise.all(['a/1', 'a/2', 'b', 'a/3'].map(t.put))
  expect(frames.map(idsOf)).toEqual([[1, 2, 4]])
  const [frame] = frames
  expect([frame?.changes, frame?.revision]).toEqual([3, 4])
  const both = Buffer.concat([frame?.earlier ?? Buffer.alloc(0), frame?.event ?? Buffer.alloc(0)])
  expect(both.toString()).toBe(frame?.eventWithId.toString().replaceAll(/^id: .*\n/gm, ''))
  await t.put('a/1')
  expect(frames.map(idsOf)).toEqual([[1, 2, 4], [5]])
})

test('every listener gets the same bytes', async () => {
  await using t = await setUp()
  const [one, two] = [t.listen(), t.listen()]
  await t.put('a/1')
  expect(one.frames[0]).toBe(two.frames[0])
})

test('with many listeners the first change goes out at once, and what follows is collected', async () => {
  await using t = await setUp()
  const listeners = Array.from({ length: 150 }, () => t.listen())
  const frames = listeners[0]?.frames ?? []
  await t.put('a/1')
  await t.put('a/2')
  await t.put('a/3')
  expect(frames.map(idsOf)).toEqual([[1]])
  await t.clock.advance(2)
  expect(frames).toHaveLength(1)
  await t.clock.advance(1)
  expect(frames.map(idsOf)).toEqual([[1], [2, 3]])
})

test('what is large does not wait', async () => {
  await using t = await setUp()
  const listeners = Array.from({ length: 150 }, () => t.listen())
  await t.put('a/1')
  await t.catalog.kv.put('a/2', new Uint8Array(256 * 1_024))
  expect(listeners[0]?.frames.map(idsOf)).toEqual([[1], [2]])
})

test('whoever comes later is not told what was collected before', async () => {
  await using t = await setUp()
  const listeners = Array.from({ length: 150 }, () => t.listen())
  await t.put('a/1')
  await t.put('a/2')
  const late = t.listen()
  expect(listeners[0]?.frames.map(idsOf)).toEqual([[1], [2]])
  await t.clock.advance(100)
  expect(late.frames).toEqual([])
})

test('once nobody listens, nothing is kept and nothing is due', async () => {
  await using t = await setUp()
  const listeners = Array.from({ length: 150 }, () => t.listen())
  await t.put('a/1')
  await t.put('a/2')
  for (const { stop } of listeners) stop()
  expect(t.topic.isWatched).toBe(false)
  const again = t.listen()
  await t.clock.advance(100)
  expect(again.frames).toEqual([])
})
