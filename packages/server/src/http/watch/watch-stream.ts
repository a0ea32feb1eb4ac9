/**
 * One watcher's connection: what it is sent, in order, and what happens when it reads too slowly.
 *
 * What the client does not take waits in the socket's queue; the frames are shared, so many
 * slow watchers of one topic cost little more than one. When too much waits, nothing more
 * is added: once the client has caught up it gets a `resync` and the whole truth.
 *
 * @module
 */

import type { Writable } from 'node:stream'
import type { ResyncEvent, ResyncReason, WatchPart } from '@rollcall/protocol'
import { frame, idLine, PREAMBLE } from './frames.ts'
import type { Opening, Topic, TopicFrame } from './topic.ts'
import { NOTHING_ID } from './watch-id.ts'

export interface WatchStreamOptions {
  /** Where the bytes go: the answer to the request. */
  readonly raw: Writable
  readonly topics: readonly Topic[]
  /**
   * The id of what the topics of this stream have been told. `told`: up to which revision, for
   * each part of the catalog of which this stream has told.
   */
  readonly deliveredToken: (told: ReadonlyMap<WatchPart, number>) => string
  readonly queueMaxChanges: number
  readonly queueMaxBytes: number
  readonly onResync: (reason: ResyncReason) => void
}

/** What has to be told before changes alone are: openings, each after why it is told. */
export type Plan = readonly (Opening | ResyncEvent)[]

/**
 * Takes the place of the id that a client has: whoever came back to that one after half of a
 * snapshot would be told what changed of things that it has dropped.
 */
const RESYNC_ID = idLine(NOTHING_ID)

/** A client that has taken nothing through this many pings is gone, whatever TCP believes. */
const PINGS_MISSED_MAX = 4

export class WatchStream {
  readonly #options: WatchStreamOptions
  readonly #unsubscribes: (() => void)[] = []
  #plan: (Opening | ResyncEvent)[] = []
  readonly #told = new Map<WatchPart, number>()
  #queuedChanges = 0
  #queuedBytes = 0
  #isBehind = false
  #pingsMissed = 0

  constructor(options: WatchStreamOptions) {
    this.#options = options
    options.raw.on('drain', () => {
      this.#caughtUp()
    })
  }

  /** Says whether it listens to anything of a part of the node. */
  isOf(part: Topic['part']): boolean {
    return this.#options.topics.some((topic) => topic.part === part)
  }

  /** Begins to listen to the topics. What is read of the planes right after is not sent twice. */
  subscribe(): void {
    for (const topic of this.#options.topics) {
      const unsubscribe = topic.subscribe({
        change: (change) => {
          this.#change(topic, change)
        },
        restart: (reason) => {
          this.#restart(topic, reason)
        },
      })
      this.#unsubscribes.push(unsubscribe)
    }
  }

  /** Begins the stream: what is planned first, then each change. */
  open(plan: Plan): void {
    this.#options.raw.write(PREAMBLE)
    this.#plan = [...plan]
    this.#goOn()
  }

  /** Shows that the connection lives. A client that reads nothing at all is cut off. */
  ping(bytes: Buffer): void {
    const { raw } = this.#options
    if (!raw.writableNeedDrain) {
      this.#pingsMissed = 0
      raw.write(bytes)
      return
    }
    this.#pingsMissed += 1
    if (this.#pingsMissed >= PINGS_MISSED_MAX) raw.destroy()
  }

  /** Ends the stream with a last word. */
  end(bytes: Buffer): void {
    this.stop()
    this.#options.raw.end(bytes)
  }

  /** Stops listening; the connection has gone or is about to. */
  stop(): void {
    this.#plan = []
    for (const unsubscribe of this.#unsubscribes.splice(0)) unsubscribe()
  }

  #change(topic: Topic, change: TopicFrame): void {
    if (this.#isBehind || (this.#plan.length > 0 && this.#isPlanned(topic))) return
    const { queueMaxBytes, queueMaxChanges } = this.#options
    const bytes = this.#queuedBytes + change.eventWithId.length
    const changes = this.#queuedChanges + change.changes
    // One change always fits, or it could never be sent.
    if (this.#queuedBytes > 0 && (bytes > queueMaxBytes || changes > queueMaxChanges)) {
      this.#isBehind = true
      this.#plan = []
      return
    }
    if (this.#write(topic, change, this.#plan.length === 0)) return
    this.#queuedBytes = bytes
    this.#queuedChanges = changes
  }

  /** Says whether what is planned will tell of a change of a topic that comes now. */
  #isPlanned(topic: Topic): boolean {
    const [current] = this.#plan
    return this.#plan.some(
      (step) => isOpening(step) && step.topic === topic && !(step === current && step.needsChanges),
    )
  }

  #restart(topic: Topic, reason: ResyncReason): void {
    if (this.#isBehind) return
    this.#planAnew(topic, reason)
    if (!this.#options.raw.writableNeedDrain) this.#goOn()
  }

  /** Plans the whole truth of a topic after whatever else is planned. */
  #planAnew(topic: Topic, reason: ResyncReason): void {
    const { topics } = this.#options
    const others = this.#plan.filter((step) => !isOpening(step) || step.topic !== topic)
    const isOnly = topics.every(({ part }) => part === topic.part)
    const resync = isOnly ? { reason } : { reason, part: topic.part }
    this.#plan = [...others, resync, topic.snapshot()]
  }

  #caughtUp(): void {
    this.#queuedBytes = 0
    this.#queuedChanges = 0
    if (this.#isBehind) {
      this.#isBehind = false
      this.#plan = [{ reason: 'slow' }, ...this.#options.topics.map((topic) => topic.snapshot())]
    }
    this.#goOn()
  }

  /** Tells what is planned, as far as the client takes it; it is gone on with when there is room. */
  #goOn(): void {
    if (this.#plan.length === 0) return
    const { raw } = this.#options
    raw.cork()
    for (let step = this.#plan[0]; step; step = this.#plan[0]) {
      if (!this.#take(step)) break
    }
    raw.uncork()
  }

  /** Takes one step of the plan. Answers whether there is room for another. */
  #take(step: Opening | ResyncEvent): boolean {
    const { raw, onResync } = this.#options
    if (!isOpening(step)) {
      this.#plan.shift()
      onResync(step.reason)
      raw.write(RESYNC_ID)
      raw.write(frame('resync', step))
      return true
    }
    if (!step.mayGoOn(() => this.#goOn())) return false
    const next = step.next()
    // Reading may have handed on changes that were one too many.
    if (this.#plan[0] !== step) return true
    if (!next) {
      this.#plan.shift()
      return true
    }
    if ('startOver' in next) {
      this.#planAnew(step.topic, next.startOver)
      return true
    }
    const isWhole = this.#plan.length === 1 && next.more !== true
    // What comes while the client takes the last of it has an id then.
    if (next.more === false) this.#plan.shift()
    const isTaken = this.#write(step.topic, next, isWhole)
    return isTaken || !step.isLong
  }

  /**
   * Writes events; where a client may resume from the last of them, that has an id. A stream of
   * several topics may resume only from what all of them have been told, and from the first
   * snapshots only when it has them all.
   */
  #write(topic: Topic, told: TopicFrame, mayResume: boolean): boolean {
    const { raw, topics, deliveredToken } = this.#options
    const { earlier, event, eventWithId, revision } = told
    if (revision !== undefined) this.#told.set(topic.part, revision)
    if (mayResume && topics.length === 1) return raw.write(eventWithId)
    raw.cork()
    if (earlier) raw.write(earlier)
    if (mayResume) raw.write(idLine(deliveredToken(this.#told)))
    const taken = raw.write(event)
    raw.uncork()
    return taken
  }
}

function isOpening(step: Opening | ResyncEvent): step is Opening {
  return 'next' in step
}
