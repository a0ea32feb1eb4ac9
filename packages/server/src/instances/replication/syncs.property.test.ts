import fc from 'fast-check'
import { expect, test } from 'vitest'
import { setUpPlane } from '../../testing/index.ts'
import {
  endedRecord,
  keyOfId,
  liveRecord,
  neighboursOf,
  WALL_MS,
} from '../../testing/replication-harness.ts'
import { keyOf } from '../digest.ts'
import type { Entry } from '../entry.ts'
import type { InstanceRecord } from '../record.ts'
import { SYNC_RETRY_MS } from './constants.ts'
import { encodeMessage, MessageDecoder } from './message-codec.ts'
import type { DirectMessage } from './messages.ts'
import { receive } from './receive.ts'
import { Syncs, type EndedSync } from './syncs.ts'

/** One of two nodes that are wired to each other and to nobody else. */
interface Side {
  readonly name: string
  readonly syncs: Syncs
  readonly told: Set<Entry>
  readonly ended: EndedSync[]
  readonly harness: ReturnType<typeof setUpPlane>
}

/** Two planes with a wire between them; `loses` says of each message whether it is lost. */
function setUp(loses: (nth: number) => boolean = () => false) {
  const wire: { readonly from: string; readonly text: string }[] = []
  let sent = 0
  const side = (name: string): Side => {
    const harness = setUpPlane({ node: name })
    const { core } = harness.plane
    neighboursOf(harness.plane)
    const told = new Set<Entry>()
    const ended: EndedSync[] = []
    const way = { isNews: false, isBooting: false, handOver() {} }
    const syncs = new Syncs({
      core,
      send(_node, message) {
        sent += 1
        if (!loses(sent)) wire.push({ from: name, text: encodeMessage(message) })
      },
      receive: (record) => receive(core, record, way),
      tell: (_node, entry) => void told.add(entry),
      isBooting: () => false,
      direct: () => ['n9'],
      ended: (sync) => void ended.push(sync),
    })
    return { name, syncs, told, ended, harness }
  }
  const one = side('n1')
  const other = side('n2')
  const decoder = new MessageDecoder()
  const handle = (to: Side, from: string, message: DirectMessage) => {
    to.harness.plane.core.time.nowMs()
    if (message.kind === 'digest') to.syncs.answerDigest(from, message, [])
    else if (message.kind === 'digest-answer') to.syncs.digestAnswered(from, message)
    else if (message.kind === 'buckets') to.syncs.answerBuckets(from, message)
    else if (message.kind === 'buckets-answer') to.syncs.bucketsAnswered(from, message)
  }
  const deliver = () => {
    for (let next = wire.shift(); next; next = wire.shift()) {
      const message = decoder.decode(next.text)
      if (!message || message.kind === 'relay') throw new Error('nothing that could be read')
      handle(next.from === 'n1' ? other : one, next.from, message)
    }
  }
  return {
    one,
    other,
    /** Runs a sync that `n1` begins, with what both are to be told, until it ends. */
    sync(whole: boolean, marks = false) {
      one.syncs.start('n2', whole, marks)
      for (let round = 0; one.syncs.running > 0 && round < 40; round += 1) {
        deliver()
        for (const { harness } of [one, other]) harness.clock.advanceNow(SYNC_RETRY_MS)
        one.syncs.tick(one.harness.plane.core.time.nowMs())
      }
      for (const entry of one.told) put(other, entry.id, entry.record)
      one.told.clear()
      return one.ended.at(-1)
    },
    sent: () => sent,
  }
}

function put({ harness }: Side, id: string, record: InstanceRecord): void {
  const { core } = harness.plane
  receive(core, { key: keyOfId(id), record }, { isNews: false, isBooting: false, handOver() {} })
}

/** Everything that a side holds, as others may see it. */
function held({ harness }: Side): Record<string, unknown> {
  return Object.fromEntries(
    [...harness.plane.core.table.entries()].map(({ record, ...entry }) => {
      const isOver = record.life?.cancelled === true || record.life?.evicted === true
      return [entry.id, isOver ? { ...record, content: null } : record]
    }),
  )
}

const record: fc.Arbitrary<InstanceRecord> = fc
  .record({
    how: fc.constantFrom(
      'live' as const,
      'live' as const,
      'cancelled' as const,
      'evicted' as const,
    ),
    gen: fc.nat(1),
    ver: fc.nat(2),
    cver: fc.nat(2),
    over: fc.option(fc.nat(2)),
  })
  .map(({ how, gen, ver, cver, over }) => {
    const written = {
      genMs: WALL_MS - 10 + gen,
      verMs: WALL_MS + ver,
      cverMs: WALL_MS + cver,
      // Two writes of one stamp are one write.
      version: `${gen} ${cver}`,
      home: { node: 'n5', inc: 1 },
    }
    const one = how === 'live' ? liveRecord(written) : endedRecord(how, written)
    const by = { node: 'n5', inc: 1 }
    const override = over === null ? null : { over: { at: 1 + over, by }, value: 'down' as const }
    return { ...one, override }
  })
const table = fc.array(fc.tuple(fc.nat(60), record), { maxLength: 60, size: 'max' })

test('any two tables are one after a whole sync, and then answer that they are equal', () => {
  fc.assert(
    fc.property(table, table, (ours, theirs) => {
      const it = setUp()
      for (const [at, one] of ours) put(it.one, `i${at}`, one)
      for (const [at, one] of theirs) put(it.other, `i${at}`, one)
      const before = it.one.harness.plane.core.digest.root
      const wasEqual = before.join() === it.other.harness.plane.core.digest.root.join()
      expect(it.sync(true)?.outcome).toBe(wasEqual ? 'equal' : 'repaired')
      expect(held(it.one)).toEqual(held(it.other))
      const { root } = it.one.harness.plane.core.digest
      expect(root).toEqual(it.other.harness.plane.core.digest.root)
      expect(it.sync(true)).toEqual({
        node: 'n2',
        outcome: 'equal',
        startedAtMs: it.one.harness.plane.core.time.lastMs - SYNC_RETRY_MS,
        whole: true,
        direct: ['n9'],
      })
    }),
    { numRuns: 25 },
  )
})

test('whatever is lost is asked for again', () => {
  const lost = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 6 })
  fc.assert(
    fc.property(table, table, lost, (ours, theirs, dropped) => {
      const it = setUp((nth) => dropped.includes(nth))
      for (const [at, one] of ours) put(it.one, `i${at}`, one)
      for (const [at, one] of theirs) put(it.other, `i${at}`, one)
      expect(['equal', 'repaired']).toContain(it.sync(true)?.outcome)
      expect(held(it.one)).toEqual(held(it.other))
    }),
    { numRuns: 25 },
  )
})

test('a large table comes page by page, each record once', () => {
  const it = setUp()
  for (let at = 0; at < 2_500; at += 1) put(it.other, `i${at}`, liveRecord())
  expect(it.sync(true)?.outcome).toBe('repaired')
  expect([...it.one.harness.plane.core.table.entries()].map((entry) => keyOf(entry))).toHaveLength(
    2_500,
  )
  // The digest, pages of a thousand and no more than a bucket, and their answers.
  expect(it.sent()).toBeLessThanOrEqual(2 + 2 * 4)
})
