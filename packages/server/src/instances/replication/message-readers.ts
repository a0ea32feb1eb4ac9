/**
 * Reads messages, one function for each kind. None of them decides anything: their reader
 * notes what is not sound.
 *
 * @module
 */

import { BUCKETS } from '../digest.ts'
import { HOPS_MAX } from './constants.ts'
import type { Beat, DirectMessage, PeerMessage } from './messages.ts'
import type { PartReader } from './part-reader.ts'
import { LAST_WALL_MS, readKey, readShipped, type MessageParts } from './record-codec.ts'
import { LANE_MAX, readRuns } from './sum-runs.ts'

/** Of anything that is counted in records. */
export const RECORDS_MAX = 20_000
const NODES_MAX = 2_000

/** Reads the body of a message, or what stands in for it where it is not sound. */
export function readMessage(part: unknown, message: MessageParts): PeerMessage | undefined {
  if (!Array.isArray(part) || part[0] !== 'relay') return readDirect(part, message)
  const { reader } = message
  const fields = reader.fields(part, 4)
  const from = reader.name(fields[1])
  const to = reader.name(fields[2])
  const inner = readDirect(fields[3], message)
  return inner && { kind: 'relay', from, to, message: inner }
}

function readDirect(part: unknown, message: MessageParts): DirectMessage | undefined {
  const fields: readonly unknown[] = Array.isArray(part) ? part : []
  const kind = fields[0]
  if (typeof kind !== 'string' || !Object.hasOwn(READERS, kind)) {
    message.reader.refuse()
    return undefined
  }
  return READERS[kind as DirectMessage['kind']](fields, message)
}

type Readers = {
  readonly [K in DirectMessage['kind']]: (
    part: readonly unknown[],
    message: MessageParts,
  ) => Extract<DirectMessage, { kind: K }>
}

const READERS: Readers = {
  batch(part, message) {
    const { reader } = message
    const fields = reader.fields(part, 8)
    return {
      kind: 'batch',
      seq: reader.count(fields[1]),
      inc: reader.count(fields[2]),
      wallMs: reader.count(fields[3], LAST_WALL_MS),
      beats: readBeats(fields[4], reader),
      direct: readNodes(fields[5], reader),
      root: readLanes(reader.fields(fields[6], 2), reader),
      records: reader.list(fields[7], RECORDS_MAX, (item) => readShipped(item, message)),
    }
  },
  ack(part, { reader }) {
    const fields = reader.fields(part, 4)
    return {
      kind: 'ack',
      seq: reader.count(fields[1]),
      inc: reader.count(fields[2]),
      missing: readIndexes(fields[3], RECORDS_MAX, reader),
    }
  },
  forward(part, message) {
    const { reader } = message
    const fields = reader.fields(part, 4)
    const readRenewal = (item: unknown) => {
      const renewal = reader.fields(item, 3)
      const key = readKey(renewal[0], renewal[1], message)
      return { key, ageMs: reader.duration(renewal[2]) }
    }
    return {
      kind: 'forward',
      seq: reader.count(fields[1]),
      hops: reader.count(fields[2], HOPS_MAX),
      renewals: reader.list(fields[3], RECORDS_MAX, readRenewal),
    }
  },
  'forward-ack'(part, { reader }) {
    const fields = reader.fields(part, 2)
    return { kind: 'forward-ack', seq: reader.count(fields[1]) }
  },
  digest(part, { reader }) {
    const fields = reader.fields(part, 4)
    const sums = readRuns(fields[2], reader)
    if (!isBucketCount(sums.length / 2)) reader.refuse()
    return { kind: 'digest', sync: reader.count(fields[1]), sums, resting: reader.flag(fields[3]) }
  },
  'digest-answer'(part, { reader }) {
    const fields = reader.fields(part, 7)
    const buckets = readBucketCount(fields[2], reader)
    return {
      kind: 'digest-answer',
      sync: reader.count(fields[1]),
      buckets,
      differing: readIndexes(fields[3], buckets, reader),
      booting: reader.flag(fields[4]),
      direct: readNodes(fields[5], reader),
      beats: readBeats(fields[6], reader),
    }
  },
  buckets(part, message) {
    const { reader } = message
    const fields = reader.fields(part, 7)
    const buckets = readBucketCount(fields[3], reader)
    const readHeld = (item: unknown) => {
      const held = reader.fields(item, 4)
      const key = readKey(held[0], held[1], message)
      return { key, hash: readLanes(held.slice(2), reader) }
    }
    return {
      kind: 'buckets',
      sync: reader.count(fields[1]),
      page: reader.count(fields[2]),
      buckets,
      wanted: readIndexes(fields[4], buckets, reader),
      held: reader.list(fields[5], RECORDS_MAX, readHeld),
      marks: reader.flag(fields[6]),
    }
  },
  'buckets-answer'(part, message) {
    const { reader } = message
    const fields = reader.fields(part, 6)
    const readLacking = (item: unknown) => {
      const key = reader.fields(item, 2)
      return readKey(key[0], key[1], message)
    }
    return {
      kind: 'buckets-answer',
      sync: reader.count(fields[1]),
      page: reader.count(fields[2]),
      records: reader.list(fields[3], RECORDS_MAX, (item) => readShipped(item, message)),
      lacking: reader.list(fields[4], RECORDS_MAX, readLacking),
      left: readIndexes(fields[5], BUCKETS, reader),
    }
  },
}

function readBeats(part: unknown, reader: PartReader): Beat[] {
  return reader.list(part, NODES_MAX, (item) => {
    const fields = reader.fields(item, 4)
    return {
      node: reader.name(fields[0]),
      inc: reader.count(fields[1]),
      counter: reader.count(fields[2]),
      ageMs: reader.duration(fields[3]),
    }
  })
}

function readNodes(part: unknown, reader: PartReader): string[] {
  return reader.list(part, NODES_MAX, (item) => reader.name(item))
}

/** Reads indexes of a list of `length`; no more of them than there are. */
function readIndexes(part: unknown, length: number, reader: PartReader): number[] {
  return reader.list(part, length, (item) => reader.count(item, length - 1))
}

function readLanes(lanes: readonly unknown[], reader: PartReader): [number, number] {
  return [reader.count(lanes[0], LANE_MAX), reader.count(lanes[1], LANE_MAX)]
}

function readBucketCount(part: unknown, reader: PartReader): number {
  const buckets = reader.count(part)
  if (!isBucketCount(buckets)) reader.refuse()
  return buckets
}

function isBucketCount(buckets: number): boolean {
  return buckets >= 1 && buckets <= BUCKETS && Number.isInteger(Math.log2(buckets))
}
