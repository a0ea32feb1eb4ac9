import fc from 'fast-check'
import { expect, test } from 'vitest'
import { liveRecord, looseEntry, WALL_MS } from '../../testing/replication-harness.ts'
import type { Entry } from '../entry.ts'
import { EMPTY_RECORD, type InstanceRecord } from '../record.ts'
import { merge } from '../merge.ts'
import { BATCHES_IN_FLIGHT_MAX, RESEND_MS } from './constants.ts'
import type { ShippedRecord } from './messages.ts'
import { Outbox } from './outbox.ts'

/** What is under way to a peer that merges what arrives, and to which some is lost. */
interface Batch {
  readonly seq: number
  readonly entries: readonly Entry[]
  readonly records: readonly ShippedRecord[]
}

class World {
  nowMs = 0
  seq = 0
  writes = 0
  readonly outbox = new Outbox()
  readonly entries = Array.from({ length: 5 }, (_, at) => looseEntry(`i${at}`, EMPTY_RECORD))
  readonly peer = new Map<Entry, InstanceRecord>()
  readonly underWay: Batch[] = []
  /** What waited was dropped, and the peer is to be synced. */
  isDropped = false
  readonly acks: { readonly seq: number; readonly missing: readonly number[] }[] = []

  /** A part of a record changes: what a claim touches, or all. */
  write(at: number, lifeOnly: boolean): void {
    const entry = this.entries[at]
    if (!entry) return
    this.writes += 1
    const wallMs = WALL_MS + this.writes
    const written = liveRecord({ verMs: wallMs, cverMs: wallMs })
    const isFirst = entry.record === EMPTY_RECORD
    const partial = lifeOnly && !isFirst
    entry.record = partial ? { ...entry.record, life: written.life } : written
    this.outbox.add(entry, partial)
  }

  /** The peer was given up. */
  drop(): void {
    this.outbox.clear()
    this.isDropped = true
  }

  /** A sync finds of which entries the peer has less than we do. */
  sync(): void {
    for (const entry of this.entries) if (this.isLacked(entry)) this.outbox.add(entry, false)
    this.isDropped = false
  }

  isLacked(entry: Entry): boolean {
    const known = this.peer.get(entry) ?? EMPTY_RECORD
    return merge(known, entry.record) !== known
  }

  /** Sends what may leave now. */
  send(): void {
    const { entries, records } = this.outbox.take(this.nowMs)
    if (entries.length === 0) return
    this.seq += 1
    this.outbox.sent(this.seq, entries, { atMs: this.nowMs, direct: true })
    this.underWay.push({ seq: this.seq, entries, records })
  }

  /** One of the batches under way arrives, and may arrive again. */
  arrive(at: number): void {
    const batch = this.underWay.at(-1 - (at % Math.max(1, this.underWay.length)))
    if (!batch) return
    const missing: number[] = []
    batch.records.forEach(({ record }, index) => {
      const entry = batch.entries[index]
      if (!entry) return
      const known = this.peer.get(entry) ?? EMPTY_RECORD
      // Without the rest it does not keep the life either, as `receive` does.
      if (known.content === null && record.content === null) missing.push(index)
      else this.peer.set(entry, merge(known, record))
    })
    this.acks.push({ seq: batch.seq, missing })
  }

  lose(at: number): void {
    this.underWay.splice(at % Math.max(1, this.underWay.length), 1)
  }

  /** One of the acknowledgements arrives. */
  ack(at: number): void {
    const [ack] = this.acks.splice(at % Math.max(1, this.acks.length), 1)
    if (ack) this.outbox.acked(ack.seq, ack.missing)
  }

  /** Nothing is lost any more. */
  settle(): void {
    this.sync()
    for (let round = 0; round < 60; round += 1) {
      this.nowMs += RESEND_MS
      this.send()
      while (this.underWay.length > 0) {
        this.arrive(0)
        this.underWay.shift()
      }
      while (this.acks.length > 0) this.ack(0)
    }
  }

  /** Whatever the peer does not have waits for it. */
  check(): void {
    if (this.isDropped) return
    for (const entry of this.entries) {
      if (this.isLacked(entry)) expect(this.outbox.has(entry), `${entry.id} waits`).toBe(true)
    }
  }
}

const at = fc.nat(2)
const act: fc.Arbitrary<(world: World) => void> = fc.oneof(
  fc.tuple(fc.nat(1), fc.boolean()).map(([entry, lifeOnly]) => (world: World) => {
    world.write(entry, lifeOnly)
  }),
  fc.constant((world: World) => {
    world.drop()
  }),
  fc.constant((world: World) => {
    world.sync()
  }),
  fc.constantFrom(5, 100, RESEND_MS, RESEND_MS * 5).map((ms) => (world: World) => {
    world.nowMs += ms
    world.send()
  }),
  at.map((which) => (world: World) => {
    world.arrive(which)
  }),
  at.map((which) => (world: World) => {
    world.lose(which)
  }),
  at.map((which) => (world: World) => {
    world.ack(which)
  }),
  // The usual case, without which little ever gets through.
  fc.constant((world: World) => {
    world.send()
    world.arrive(0)
    world.ack(world.acks.length - 1)
  }),
)

test('whatever is lost, late, repeated or out of order: what the peer lacks waits, and reaches it in the end', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80, size: 'max' }), (acts) => {
      const world = new World()
      for (const one of acts) {
        one(world)
        world.check()
      }
      world.settle()
      for (const entry of world.entries) {
        expect(world.peer.get(entry) ?? EMPTY_RECORD).toEqual(entry.record)
      }
      expect(world.outbox.size).toBe(0)
    }),
    { numRuns: 500 },
  )
})

// Its content was dropped with the outbox; then its life changed, and before that arrives a sync says what is missing.
test('what the peer is to have whole waits on when only its life was acknowledged', () => {
  const world = new World()
  world.write(0, false)
  world.send()
  world.arrive(0)
  world.ack(0)
  expect(world.outbox.size).toBe(0)
  world.write(0, false)
  world.drop()
  world.write(0, true)
  world.send()
  world.sync()
  world.arrive(0)
  world.ack(0)
  world.check()
})

test('no more than four batches are on their way, and a lost one makes room again', () => {
  const world = new World()
  for (let at = 0; at < BATCHES_IN_FLIGHT_MAX + 1; at += 1) {
    world.write(at % 5, false)
    world.send()
  }
  expect(world.underWay).toHaveLength(BATCHES_IN_FLIGHT_MAX)
  world.nowMs += RESEND_MS * 4 - 1
  world.send()
  expect(world.underWay).toHaveLength(BATCHES_IN_FLIGHT_MAX)
  world.nowMs += 1
  world.send()
  expect(world.underWay.at(-1)?.entries).toHaveLength(5)
})
