/**
 * What a topic of the catalog listens to: the part of it that some watchers asked for.
 *
 * @module
 */

import type { ResyncReason, WatchPart } from '@rollcall/protocol'
import type { CatalogTopic } from './catalog-topic.ts'
import type { Opening, TopicFrame } from './topic.ts'
import type { Turns } from './turns.ts'

/** What one revision changed of the part. */
export interface ToldRevision {
  readonly revision: number
  encode(): TopicFrame
}

export interface FeedListener {
  change(told: ToldRevision): void
  /** What was told so far leads nowhere: the whole truth has to follow. */
  restart(reason: ResyncReason): void
}

export interface CatalogFeed {
  readonly part: Exclude<WatchPart, 'services'>
  /** Tells of every later revision; read right after. */
  subscribe(listener: FeedListener): () => void
  /** What changed after `revision`, revision by revision; or why that cannot be told by itself. */
  since(revision: number): readonly ToldRevision[] | ResyncReason
  /** All there is, read step by step. What the topic has collected goes out before each. */
  snapshot(topic: CatalogTopic, turns: Turns): Opening
}
