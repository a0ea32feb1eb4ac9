/**
 * Digest sync (anti-entropy): two nodes compare the sums of their buckets, and show each other
 * what is in those that differ. The asker leads, page by page; the answerer keeps no state. A
 * booting node is one that has nothing yet.
 *
 * @module
 */

import type { InstanceKey } from '../../model/instance-key.ts'
import { bucketOf, BUCKETS, keyOf, recordHash } from '../digest.ts'
import { UNKNOWN, type Entry } from '../entry.ts'
import { merge } from '../merge.ts'
import type { PlaneCore } from '../plane-core.ts'
import { EMPTY_RECORD } from '../record.ts'
import {
  BATCH_BYTES,
  PAGE_RECORDS_MAX,
  RESTING_MS,
  SYNC_BUCKETS_MIN,
  SYNC_DEAD_MS,
  SYNC_RETRY_MS,
} from './constants.ts'
import type {
  BucketsAnswerMessage,
  BucketsMessage,
  DigestAnswerMessage,
  DigestMessage,
  DirectMessage,
  ShippedRecord,
} from './messages.ts'
import { roughBytes } from './record-codec.ts'
import { shippedOf } from './shipped-record.ts'
import type { Reception } from './receive.ts'
import type { SyncOutcome } from './replication-metrics.ts'

export interface SyncPort {
  readonly core: PlaneCore
  send(node: string, message: DirectMessage): void
  /** Merges a record of a sync in. */
  receive(record: ShippedRecord): Reception
  /** The peer has less of an entry than we do. */
  tell(node: string, entry: Entry): void
  isBooting(): boolean
  /** What the answerer of a sync is told of our ways. */
  direct(): readonly string[]
  ended(sync: EndedSync): void
}

export interface EndedSync {
  readonly node: string
  readonly outcome: SyncOutcome
  /** Plane time at which it began. */
  readonly startedAtMs: number
  /** Whether every difference counted, not only that in resting buckets. */
  readonly whole: boolean
  /** Nodes that the peer reached directly. */
  readonly direct: readonly string[]
}

interface Session {
  readonly id: number
  readonly node: string
  readonly startedAtMs: number
  readonly whole: boolean
  /** What the peer decided about orphans counts too. */
  readonly marks: boolean
  /** Undefined until the peer has answered the digest. */
  todo: number[] | undefined
  buckets: number
  page: number
  asked: readonly number[]
  differed: boolean
  direct: readonly string[]
  askedAtMs: number
  heardAtMs: number
}

export class Syncs {
  readonly #port: SyncPort
  /** One for each peer at most. */
  readonly #sessions = new Map<string, Session>()
  #lastId = 0

  constructor(port: SyncPort) {
    this.#port = port
  }

  isRunning(node: string): boolean {
    return this.#sessions.has(node)
  }

  get running(): number {
    return this.#sessions.size
  }

  /** Forgets all sessions: this node became a new incarnation. */
  clear(): void {
    this.#sessions.clear()
  }

  /**
   * Begins a sync, unless one with the peer is under way. `whole`: every difference counts.
   * `marks`: take over what it decided about orphans.
   */
  start(node: string, whole: boolean, marks = false): void {
    if (this.#sessions.has(node)) return
    const nowMs = this.#port.core.time.lastMs
    this.#lastId += 1
    const session: Session = {
      id: this.#lastId,
      node,
      startedAtMs: nowMs,
      whole,
      marks,
      todo: undefined,
      buckets: 0,
      page: 0,
      asked: [],
      differed: false,
      direct: [],
      askedAtMs: nowMs,
      heardAtMs: nowMs,
    }
    this.#sessions.set(node, session)
    this.#ask(session)
  }

  /** Asks again where no answer came, and gives up where none comes. */
  tick(nowMs: number): void {
    for (const session of this.#sessions.values()) {
      if (nowMs - session.heardAtMs >= SYNC_DEAD_MS) this.#end(session, 'failed')
      else if (nowMs - session.askedAtMs >= SYNC_RETRY_MS) this.#ask(session)
    }
  }

  // What the asker does

  digestAnswered(node: string, answer: DigestAnswerMessage): void {
    const { sync, buckets, differing, booting, direct } = answer
    const session = this.#sessionOf(node, sync)
    if (!session || session.todo) return
    if (booting) {
      this.#end(session, 'unready')
      return
    }
    const { digest, time } = this.#port.core
    const rested = (bucket: number) =>
      session.whole ||
      digest.hasRested(bucket, { buckets, restingMs: RESTING_MS, nowMs: time.lastMs })
    session.buckets = buckets
    session.direct = direct
    session.todo = differing.filter(rested)
    session.differed = session.todo.length > 0
    if (session.marks) session.todo = [...new Set([...session.todo, ...this.#orphaned(buckets)])]
    session.heardAtMs = time.lastMs
    this.#goOn(session)
  }

  bucketsAnswered(node: string, answer: BucketsAnswerMessage): void {
    const session = this.#sessionOf(node, answer.sync)
    if (!session?.todo || answer.page !== session.page) return
    const { core } = this.#port
    for (const shipped of answer.records) this.#take(node, shipped)
    for (const key of answer.lacking) {
      const entry = core.table.find(key)
      if (entry) this.#port.tell(node, entry)
    }
    session.todo = [...answer.left, ...session.todo]
    session.asked = []
    session.heardAtMs = core.time.lastMs
    this.#goOn(session)
  }

  /** Buckets in which somebody is whose home is lost. */
  *#orphaned(buckets: number): Iterable<number> {
    for (const group of this.#port.core.homes.groups()) {
      if (group.standing !== 'lost') continue
      for (let entry = group.head; entry; entry = entry.homeNext) yield bucketOf(entry, buckets)
    }
  }

  /** Merges a record in, and tells the peer what is newer here. */
  #take(node: string, shipped: ShippedRecord): void {
    this.#port.receive(shipped)
    const entry = this.#port.core.table.find(shipped.key)
    if (entry && merge(shipped.record, entry.record) !== shipped.record)
      this.#port.tell(node, entry)
  }

  #sessionOf(node: string, id: number): Session | undefined {
    const session = this.#sessions.get(node)
    return session?.id === id ? session : undefined
  }

  #goOn(session: Session): void {
    if (session.todo?.length === 0) {
      this.#end(session, session.differed ? 'repaired' : 'equal')
      return
    }
    session.page += 1
    this.#ask(session)
  }

  #ask(session: Session): void {
    const { core } = this.#port
    session.askedAtMs = core.time.lastMs
    this.#port.send(
      session.node,
      session.todo ? this.#askBuckets(session, session.todo) : this.#askDigest(session),
    )
  }

  #askDigest({ id, whole, marks }: Session): DigestMessage {
    const { digest } = this.#port.core
    // Who boots cannot know how much the peer holds, and no bucket of it may be too large to send.
    const sums = digest.sums(marks ? BUCKETS : Math.max(digest.worthwhile, SYNC_BUCKETS_MIN))
    return { kind: 'digest', sync: id, sums, resting: !whole }
  }

  #askBuckets(session: Session, todo: number[]): BucketsMessage {
    const { digest } = this.#port.core
    const { id, page, buckets, marks } = session
    const wanted = [...session.asked]
    const held: { key: InstanceKey; hash: readonly [number, number] }[] = []
    const add = (bucket: number) => {
      for (const entry of digest.entries(bucket, buckets)) {
        held.push({ key: keyOf(entry), hash: recordHash(entry) })
      }
    }
    for (const bucket of wanted) add(bucket)
    while (session.asked.length === 0 && todo.length > 0 && held.length < PAGE_RECORDS_MAX) {
      const bucket = todo.shift()
      if (bucket === undefined) break
      wanted.push(bucket)
      add(bucket)
    }
    session.asked = wanted
    return { kind: 'buckets', sync: id, page, buckets, wanted, held, marks }
  }

  #end(session: Session, outcome: SyncOutcome): void {
    this.#sessions.delete(session.node)
    const { node, startedAtMs, whole, direct } = session
    this.#port.ended({ node, outcome, startedAtMs, whole, direct })
  }

  // What the answerer does

  answerDigest(
    node: string,
    { sync, sums, resting }: DigestMessage,
    beats: DigestAnswerMessage['beats'],
  ): void {
    const { digest, time } = this.#port.core
    const booting = this.#port.isBooting()
    const restingMs = resting ? RESTING_MS : 0
    // Who boots asks for everything, and tells what it has meanwhile.
    const differing = booting ? [] : digest.differing(sums, restingMs, time.lastMs)
    const direct = this.#port.direct()
    const buckets = sums.length / 2
    this.#port.send(node, {
      kind: 'digest-answer',
      sync,
      buckets,
      differing,
      booting,
      direct,
      beats,
    })
  }

  answerBuckets(node: string, message: BucketsMessage): void {
    const { sync, page, buckets, wanted, held, marks } = message
    const { core } = this.#port
    const nowMs = core.time.lastMs
    const theirs = new Map(held.map(({ key, hash }) => [keyText(key), hash]))
    const records: ShippedRecord[] = []
    let done = 0
    let bytes = 0
    const add = (record: ShippedRecord) => {
      records.push(record)
      bytes += roughBytes(record)
    }
    for (const bucket of wanted) {
      if (records.length >= PAGE_RECORDS_MAX || bytes >= BATCH_BYTES) break
      for (const entry of core.digest.entries(bucket, buckets)) {
        const [a, b] = recordHash(entry)
        const hash = theirs.get(keyText(keyOf(entry)))
        const isEqual = hash?.[0] === a && hash[1] === b
        const { life } = entry.record
        if (!isEqual) add(shippedOf(entry, entry.record, nowMs))
        else if (marks && entry.hideAtMs !== UNKNOWN) {
          add(shippedOf(entry, { ...EMPTY_RECORD, life }, nowMs))
        }
      }
      done += 1
    }
    const left = wanted.slice(done)
    const lacking = held
      .filter(({ key }) => core.table.find(key) === undefined)
      .map(({ key }) => key)
    this.#port.send(node, { kind: 'buckets-answer', sync, page, records, lacking, left })
  }
}

function keyText({ env, service, zone, id }: InstanceKey): string {
  return `${env} ${service} ${zone} ${id}`
}
