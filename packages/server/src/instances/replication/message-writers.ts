/**
 * Writes messages, one function for each kind: its fields in order, without their names.
 *
 * @module
 */

import type { Beat, DirectMessage, PeerMessage } from './messages.ts'
import type { NameWriter } from './name-lists.ts'
import { shippedParts } from './record-codec.ts'
import { runsOf } from './sum-runs.ts'

/** The body of a message: its kind, and its fields. */
export function bodyOf(message: PeerMessage, names: NameWriter): unknown[] {
  const { kind } = message
  if (kind === 'relay') return [kind, message.from, message.to, bodyOf(message.message, names)]
  const write = WRITERS[kind] as (message: DirectMessage, names: NameWriter) => unknown[]
  return [kind, ...write(message, names)]
}

type Writers = {
  readonly [K in DirectMessage['kind']]: (
    message: Extract<DirectMessage, { kind: K }>,
    names: NameWriter,
  ) => unknown[]
}

const WRITERS: Writers = {
  batch({ seq, inc, wallMs, beats, direct, root, records }, names) {
    const shipped = records.map((record) => shippedParts(record, names))
    return [seq, inc, wallMs, beats.map(beatParts), direct, root, shipped]
  },
  ack: ({ seq, inc, missing }) => [seq, inc, missing],
  forward({ seq, hops, renewals }, names) {
    return [seq, hops, renewals.map(({ key, ageMs }) => [names.place(key), key.id, ageMs])]
  },
  'forward-ack': ({ seq }) => [seq],
  digest: ({ sync, sums, resting }) => [sync, runsOf(sums), resting ? 1 : 0],
  'digest-answer'({ sync, buckets, differing, booting, direct, beats }) {
    return [sync, buckets, differing, Number(booting), direct, beats.map(beatParts)]
  },
  buckets({ sync, page, buckets, wanted, held, marks }, names) {
    const sums = held.map(({ key, hash }) => [names.place(key), key.id, ...hash])
    return [sync, page, buckets, wanted, sums, Number(marks)]
  },
  'buckets-answer'({ sync, page, records, lacking, left }, names) {
    const shipped = records.map((record) => shippedParts(record, names))
    return [sync, page, shipped, lacking.map((key) => [names.place(key), key.id]), left]
  },
}

function beatParts({ node, inc, counter, ageMs }: Beat): unknown[] {
  return [node, inc, counter, ageMs]
}
