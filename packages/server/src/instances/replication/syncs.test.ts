import { expect, test } from 'vitest'
import { setUpPlane } from '../../testing/index.ts'
import { keyOfId, liveRecord, neighboursOf, WALL_MS } from '../../testing/replication-harness.ts'
import { BUCKETS } from '../digest.ts'
import { RESTING_MS, SYNC_DEAD_MS, SYNC_RETRY_MS } from './constants.ts'
import type { DigestAnswerMessage, DirectMessage } from './messages.ts'
import { receive } from './receive.ts'
import { Syncs, type EndedSync } from './syncs.ts'

/** Node `n1`, whose messages are looked at and answered by the test. */
function setUp({ isBooting = false } = {}) {
  const harness = setUpPlane()
  const { core } = harness.plane
  const neighbours = neighboursOf(harness.plane)
  const sent: { readonly to: string; readonly message: DirectMessage }[] = []
  const told: string[] = []
  const ended: EndedSync[] = []
  const way = { isNews: false, isBooting, handOver() {} }
  const syncs = new Syncs({
    core,
    send: (to, message) => void sent.push({ to, message }),
    receive: (record) => receive(core, record, way),
    tell: (_node, { id }) => void told.push(id),
    isBooting: () => isBooting,
    direct: () => ['n3'],
    ended: (sync) => void ended.push(sync),
  })
  const last = <K extends DirectMessage['kind']>(kind: K) => {
    const message = sent.at(-1)?.message
    if (message?.kind !== kind) throw new Error(`${message?.kind} was sent, and not ${kind}`)
    return message as Extract<DirectMessage, { kind: K }>
  }
  return {
    ...harness,
    core,
    neighbours,
    syncs,
    sent,
    told,
    ended,
    last,
    put(id: string, record = liveRecord()) {
      receive(core, { key: keyOfId(id), record }, way)
    },
    pass(ms: number) {
      for (let left = ms; left > 0; left -= 100) {
        harness.clock.advanceNow(100)
        syncs.tick(core.time.nowMs())
      }
    },
    answer(part: Partial<DigestAnswerMessage> = {}) {
      const { sync, sums } = last('digest')
      const buckets = sums.length / 2
      const none = { differing: [], booting: false, direct: [], beats: [] }
      syncs.digestAnswered('n2', { kind: 'digest-answer', sync, buckets, ...none, ...part })
    },
  }
}

/** The sums of a node that has nothing. */
const nothing = (buckets: number) => new Uint32Array(2 * buckets)

test('one sync with a peer at a time', () => {
  const it = setUp()
  it.syncs.start('n2', true)
  it.syncs.start('n2', true)
  it.syncs.start('n3', true)
  expect(it.sent.map(({ to }) => to)).toEqual(['n2', 'n3'])
  expect(it.syncs.running).toBe(2)
  expect(it.syncs.isRunning('n2')).toBe(true)
})

test('the digest is asked again every 400 ms, and given up after 5 s', () => {
  const it = setUp()
  it.syncs.start('n2', true)
  it.pass(SYNC_RETRY_MS)
  expect(it.sent).toHaveLength(2)
  expect(it.last('digest').sync).toBe(1)
  it.pass(SYNC_DEAD_MS - SYNC_RETRY_MS - 100)
  expect(it.ended).toEqual([])
  it.pass(100)
  expect(it.ended).toMatchObject([{ node: 'n2', outcome: 'failed', startedAtMs: 0 }])
  expect(it.syncs.running).toBe(0)
})

test('an answer to an earlier sync, or to another page, is not taken', () => {
  const it = setUp()
  it.put('a')
  it.syncs.start('n2', true)
  it.answer({ sync: 99, differing: [0] })
  expect(it.syncs.running).toBe(1)
  expect(it.sent).toHaveLength(1)
  it.answer({ differing: [3, 4] })
  const { sync, page, wanted } = it.last('buckets')
  expect({ page, wanted }).toEqual({ page: 1, wanted: [3, 4] })
  const none = { kind: 'buckets-answer' as const, sync, records: [], lacking: [], left: [] }
  it.syncs.bucketsAnswered('n2', { ...none, page: 7 })
  it.syncs.bucketsAnswered('n3', { ...none, page })
  it.syncs.bucketsAnswered('n2', { ...none, sync: 99, page })
  expect(it.syncs.running).toBe(1)
  it.syncs.bucketsAnswered('n2', { ...none, page })
  expect(it.ended).toMatchObject([{ outcome: 'repaired' }])
})

test('what did not fit into a page is asked for again, first', () => {
  const it = setUp()
  it.syncs.start('n2', true)
  it.answer({ differing: [3, 4, 5] })
  const { sync } = it.last('buckets')
  const answer = { kind: 'buckets-answer' as const, sync, records: [], lacking: [] }
  it.syncs.bucketsAnswered('n2', { ...answer, page: 1, left: [4, 5] })
  expect(it.last('buckets')).toMatchObject({ page: 2, wanted: [4, 5] })
  it.pass(SYNC_RETRY_MS)
  expect(it.last('buckets')).toMatchObject({ page: 2, wanted: [4, 5] })
})

test('who boots has nothing to tell', () => {
  const booting = setUp({ isBooting: true })
  booting.put('a')
  const ask = { kind: 'digest' as const, sync: 1, sums: nothing(1_024), resting: false }
  booting.syncs.answerDigest('n2', ask, [])
  expect(booting.last('digest-answer')).toMatchObject({ booting: true, differing: [] })
  const it = setUp()
  it.syncs.start('n2', true)
  it.answer({ booting: true })
  expect(it.ended).toMatchObject([{ outcome: 'unready' }])
})

test('under steady change only what rested on both sides counts', () => {
  const it = setUp()
  it.put('a')
  const ask = { kind: 'digest' as const, sync: 1, sums: nothing(1_024), resting: true }
  it.syncs.answerDigest('n2', ask, [])
  expect(it.last('digest-answer').differing).toEqual([])
  it.syncs.answerDigest('n2', { ...ask, resting: false }, [])
  const [bucket] = it.last('digest-answer').differing
  it.syncs.start('n2', false)
  expect(it.last('digest').resting).toBe(true)
  it.answer({ differing: [bucket ?? 0] })
  expect(it.ended).toMatchObject([{ outcome: 'equal', whole: false }])

  it.pass(RESTING_MS + 1_000)
  it.syncs.answerDigest('n2', ask, [])
  expect(it.last('digest-answer').differing).toEqual([bucket])
  it.syncs.start('n2', false)
  it.answer({ differing: [bucket ?? 0] })
  expect(it.last('buckets').wanted).toEqual([bucket])
})

test('a peer is told what it lacks and what is newer here', () => {
  const it = setUp()
  it.put('a')
  it.put('b', liveRecord({ verMs: WALL_MS + 5 }))
  it.put('c')
  it.syncs.start('n2', true)
  it.answer({ differing: [1] })
  const { sync, page } = it.last('buckets')
  it.syncs.bucketsAnswered('n2', {
    kind: 'buckets-answer',
    sync,
    page,
    records: [
      { key: keyOfId('b'), record: liveRecord() },
      { key: keyOfId('c'), record: liveRecord({ verMs: WALL_MS + 5 }) },
      { key: keyOfId('d'), record: liveRecord() },
    ],
    lacking: [keyOfId('a'), keyOfId('nobody')],
    left: [],
  })
  expect(it.told.toSorted()).toEqual(['a', 'b'])
  expect(it.ids().toSorted()).toEqual(['a', 'b', 'c', 'd'])
})

test('who boots asks for all buckets, and for what was decided about orphans in those that are equal', () => {
  const it = setUp({ isBooting: true })
  it.neighbours.standings.set('n2', 'lost')
  it.put('a')
  it.syncs.start('n3', true, true)
  expect(it.last('digest').sums).toHaveLength(2 * BUCKETS)
  const { sync } = it.last('digest')
  const none = { kind: 'digest-answer' as const, direct: [], beats: [], booting: false }
  it.syncs.digestAnswered('n3', { ...none, sync, buckets: BUCKETS, differing: [] })
  const ask = it.last('buckets')
  expect(ask).toMatchObject({ marks: true, held: [{ key: keyOfId('a') }] })

  const peer = setUp()
  peer.neighbours.standings.set('n2', 'lost')
  peer.put('a')
  peer.run(30_000)
  peer.syncs.answerBuckets('n1', ask)
  const [marked] = peer.last('buckets-answer').records
  expect(marked).toMatchObject({ key: keyOfId('a'), orphan: { hideInMs: 60_000, hidden: false } })
  peer.syncs.answerBuckets('n1', { ...ask, marks: false })
  expect(peer.last('buckets-answer').records).toEqual([])
})

test('a new incarnation of ours has no sync under way', () => {
  const it = setUp()
  it.syncs.start('n2', true)
  it.syncs.clear()
  it.answer({ differing: [1] })
  expect(it.syncs.running).toBe(0)
  expect(it.sent).toHaveLength(1)
})
