/**
 * What a watcher may listen to. What it is told is encoded once for all who listen to the same.
 *
 * A watcher is first brought up to date (`Opening`), then told of each change. An opening may be
 * long, and is read bit by bit as the watcher takes it; what changes meanwhile is told beside it,
 * or is in what it has yet to tell.
 *
 * @module
 */

import type { ResyncReason, WatchPart } from '@rollcall/protocol'

/** Events as bytes, shared by all watchers of a topic. */
export interface TopicFrame {
  /** The events before the last, where there are several. */
  readonly earlier?: Buffer
  /** The last event, or the only one. */
  readonly event: Buffer
  /** All of them, each with the id that holds for a watcher of this topic alone. */
  readonly eventWithId: Buffer
  /** How many changes they tell; 0 for a snapshot. */
  readonly changes: number
  /** Of the catalog, of which the watcher knows its part then. */
  readonly revision?: number
  /**
   * Of an opening: whether more of it has to be told before the watcher may come back to this
   * point. False: it has told everything. Undefined: its `next` will show.
   */
  readonly more?: boolean
}

/** Says that a watcher cannot be brought up to date from where it is. */
export interface StartOver {
  readonly startOver: ResyncReason
}

export interface TopicListener {
  change(frame: TopicFrame): void
  /** What was told so far leads nowhere: the whole truth has to follow. */
  restart(reason: ResyncReason): void
}

/** Brings one watcher up to date with one topic. */
export interface Opening {
  readonly topic: Topic
  /** What to tell next, as it is now; undefined once the watcher knows everything. */
  next(): TopicFrame | StartOver | undefined
  /** Whether a change that comes now has to be told beside it; if not, `next` will have it. */
  readonly needsChanges: boolean
  /** Whether it waits while the watcher takes what it has told; a short one is told at once. */
  readonly isLong: boolean
  /** Says whether `next` may be called now. If not, `then` is called when it may. */
  mayGoOn(then: () => void): boolean
}

export interface Topic {
  readonly part: WatchPart
  readonly isWatched: boolean
  /** Tells `listener` of every later change. What happened before goes to the others first. */
  subscribe(listener: TopicListener): () => void
  /** The whole truth, for one who listens already. */
  snapshot(): Opening
}
