/**
 * What nodes of one zone say to each other.
 *
 * @module
 */

import type { InstanceKey } from '../../model/instance-key.ts'
import type { InstanceRecord } from '../record.ts'

/** A sign of life of a node, as somebody heard it. */
export interface Beat {
  readonly node: string
  readonly inc: number
  /** Grows with every beat of one incarnation. */
  readonly counter: number
  /** Milliseconds since it was heard; 0 for one's own. */
  readonly ageMs: number
}

/** A record, or the parts of one that are worth the bytes: a part that is null says nothing. */
export interface ShippedRecord {
  readonly key: InstanceKey
  readonly record: InstanceRecord
  /** What the sender decided about a record whose home is lost; a receiver that knows the record goes by its own. */
  readonly orphan?: {
    /** Milliseconds until it is to be hidden, 0 or less where that has passed. */
    readonly hideInMs: number
    readonly hidden: boolean
  }
}

/** What changed, and who is alive. Sent at once, then every 5 ms while there is more, and every second anyway. */
export interface BatchMessage {
  readonly kind: 'batch'
  readonly seq: number
  readonly inc: number
  /** The sender's wall time, epoch milliseconds. */
  readonly wallMs: number
  /** Its own beat is the first. */
  readonly beats: readonly Beat[]
  /** Nodes that acknowledged to the sender, on the direct way, a moment ago. */
  readonly direct: readonly string[]
  /** Two lanes of the sum over all its records. */
  readonly root: readonly [number, number]
  readonly records: readonly ShippedRecord[]
}

/** A batch was merged. */
export interface AckMessage {
  readonly kind: 'ack'
  readonly seq: number
  readonly inc: number
  /** Indexes of records of which the receiver lacks the parts that were left out. */
  readonly missing: readonly number[]
}

/** Renewals that were accepted elsewhere, on their way home. */
export interface ForwardMessage {
  readonly kind: 'forward'
  readonly seq: number
  /** How many nodes have passed them on before; at most 2. */
  readonly hops: number
  readonly renewals: readonly {
    readonly key: InstanceKey
    /** Milliseconds since it was accepted. */
    readonly ageMs: number
  }[]
}

export interface ForwardAckMessage {
  readonly kind: 'forward-ack'
  readonly seq: number
}

/** Begins a digest sync: the sums of all buckets of the asker. */
export interface DigestMessage {
  readonly kind: 'digest'
  readonly sync: number
  /** Two lanes of each bucket, one after the other; as many buckets as a power of two. */
  readonly sums: Uint32Array
  /** Only buckets that rested for a while on the answerer's side count: the look under steady change. */
  readonly resting: boolean
}

/** Answers `digest`: which buckets differ. */
export interface DigestAnswerMessage {
  readonly kind: 'digest-answer'
  readonly sync: number
  /** As many as the question had sums of. */
  readonly buckets: number
  readonly differing: readonly number[]
  /** The answerer boots itself, and does not know what there is. */
  readonly booting: boolean
  /** Nodes that it reaches by the direct way, and of which it knows all that they had to say. */
  readonly direct: readonly string[]
  readonly beats: readonly Beat[]
}

/** Asks for what differs in some buckets, and says what the asker has in them. */
export interface BucketsMessage {
  readonly kind: 'buckets'
  readonly sync: number
  readonly page: number
  readonly buckets: number
  readonly wanted: readonly number[]
  readonly held: readonly {
    readonly key: InstanceKey
    readonly hash: readonly [number, number]
  }[]
  /** Also tell what was decided about orphans that are the same on both sides. */
  readonly marks: boolean
}

/** Answers `buckets`: records that the asker lacks or has otherwise, and keys that the answerer lacks. */
export interface BucketsAnswerMessage {
  readonly kind: 'buckets-answer'
  readonly sync: number
  readonly page: number
  readonly records: readonly ShippedRecord[]
  readonly lacking: readonly InstanceKey[]
  /** Of the wanted buckets, those that did not fit any more and have to be asked for again. */
  readonly left: readonly number[]
}

/** A message for a node that its sender cannot reach, through one that can. */
export interface RelayMessage {
  readonly kind: 'relay'
  readonly from: string
  readonly to: string
  readonly message: DirectMessage
}

export type DirectMessage =
  | BatchMessage
  | AckMessage
  | ForwardMessage
  | ForwardAckMessage
  | DigestMessage
  | DigestAnswerMessage
  | BucketsMessage
  | BucketsAnswerMessage

export type PeerMessage = DirectMessage | RelayMessage
