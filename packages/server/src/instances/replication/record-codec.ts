/**
 * Records as they travel between nodes: compact arrays, in which a part that is left out is 0.
 *
 * @module
 */

import type { InstanceKey } from '../../model/instance-key.ts'
import { isName } from '../../model/names.ts'
import {
  contentOf,
  isPatched,
  POLICY_ID,
  type Content,
  type Facts,
  type InstanceRecord,
  type Life,
  type Override,
} from '../record.ts'
import { CLIENT, type Origin, type Stamp } from '../stamp.ts'
import type { InstanceCheck } from '../warm-start/instance-check.ts'
import type { ShippedRecord } from './messages.ts'
import type { NameWriter, Place } from './name-lists.ts'
import type { PartReader } from './part-reader.ts'

/** What the parts of one message are read with. */
export interface MessageParts {
  readonly reader: PartReader
  readonly places: readonly Place[]
  readonly origins: readonly Origin[]
  readonly check: InstanceCheck
}

/** Of content, and of content that an operator has patched. */
const CONTENT_FIELDS = 14
const PATCHED_FIELDS = 16
/** Stands where a part is left out. */
const LEFT_OUT = 0
const CANCELLED = 1
const EVICTED = 2
/** The last moment that a `Date` can show. */
export const LAST_WALL_MS = 8_640_000_000_000_000

/** What a record weighs beside its texts. */
const STAMPS_BYTES = 200

/**
 * About how many bytes a record takes on the wire; texts full of what JSON has to escape take
 * up to six times as many.
 */
export function roughBytes({ key, record: { content } }: ShippedRecord): number {
  let bytes = STAMPS_BYTES + key.id.length
  if (!content) return bytes
  bytes += content.hostname.length + content.version.length
  for (const address of content.addresses) bytes += address.length + 3
  for (const tag of content.tags) bytes += tag.length + 3
  for (const name in content.metadata) {
    bytes += name.length + (content.metadata[name]?.length ?? 0) + 6
  }
  return bytes
}

export function shippedParts({ key, record, orphan }: ShippedRecord, names: NameWriter): unknown[] {
  const { life, content, override } = record
  return [
    names.place(key),
    key.id,
    life ? lifeParts(life, names) : LEFT_OUT,
    content ? contentParts(content, names) : LEFT_OUT,
    override ? [override.over.at, names.origin(override.over.by), override.value] : LEFT_OUT,
    orphan ? [orphan.hideInMs, orphan.hidden ? 1 : 0] : LEFT_OUT,
  ]
}

function lifeParts(life: Life, names: NameWriter): unknown[] {
  return [
    life.gen.at,
    names.origin(life.gen.by),
    life.ver.at,
    names.origin(life.ver.by),
    names.origin(life.home),
    (life.cancelled ? CANCELLED : 0) + (life.evicted ? EVICTED : 0),
    life.tombAtMs,
  ]
}

function contentParts(content: Content, names: NameWriter): unknown[] {
  return [
    content.gen.at,
    names.origin(content.gen.by),
    content.cver.at,
    names.origin(content.cver.by),
    content.registeredAtMs,
    content.upSinceMs,
    content.hostname,
    content.addresses,
    content.version,
    content.weight,
    content.tags,
    content.metadata,
    content.status,
    content.ttlMs,
    ...(isPatched(content) ? [content.said.at, names.origin(content.said.by)] : []),
  ]
}

/** Reads a record; its reader knows whether it is sound. */
export function readShipped(part: unknown, message: MessageParts): ShippedRecord {
  const { reader, check } = message
  const fields = reader.fields(part, 6)
  const key = readKey(fields[0], fields[1], message)
  const record = {
    life: fields[2] === LEFT_OUT ? null : readLife(fields[2], message),
    content: fields[3] === LEFT_OUT ? null : readContent(fields[3], message),
    override: fields[4] === LEFT_OUT ? null : readOverride(fields[4], message),
  }
  if (reader.isSound && !check.isSound({ key, record: filledUp(key, record) })) reader.refuse()
  if (fields[5] === LEFT_OUT) return { key, record }
  const orphan = reader.fields(fields[5], 2)
  const hideInMs = reader.number(orphan[0])
  return { key, record, orphan: { hideInMs, hidden: reader.flag(orphan[1]) } }
}

/** Reads the name of an instance, or of the policy of a service. */
export function readKey(
  place: unknown,
  id: unknown,
  { reader, places }: MessageParts,
): InstanceKey {
  const at = places[reader.count(place)]
  if (!at || typeof id !== 'string' || (id !== POLICY_ID && !isName(id))) {
    reader.refuse()
    return NOBODY
  }
  return { env: at.env, service: at.service, zone: at.zone, id }
}

function readLife(part: unknown, message: MessageParts): Life {
  const { reader } = message
  const fields = reader.fields(part, 7)
  const marks = reader.count(fields[5], CANCELLED + EVICTED)
  const tombAtMs = reader.count(fields[6], LAST_WALL_MS)
  // Only who is dead has a time of death.
  if (marks === 0 && tombAtMs !== 0) reader.refuse()
  return {
    gen: readStamp(fields[0], fields[1], message),
    cancelled: (marks & CANCELLED) !== 0,
    ver: readStamp(fields[2], fields[3], message),
    evicted: (marks & EVICTED) !== 0,
    home: readOrigin(fields[4], message),
    tombAtMs,
  }
}

/** Reads content without looking at what the client said: that is the check's. */
function readContent(part: unknown, message: MessageParts): Content {
  const isLong = Array.isArray(part) && part.length === PATCHED_FIELDS
  const fields = message.reader.fields(part, isLong ? PATCHED_FIELDS : CONTENT_FIELDS)
  const facts: Record<keyof Facts, unknown> = {
    hostname: fields[6],
    addresses: fields[7],
    version: fields[8],
    weight: fields[9],
    tags: fields[10],
    metadata: fields[11],
    status: fields[12],
    ttlMs: fields[13],
  }
  const cver = readStamp(fields[2], fields[3], message)
  return contentOf(facts as Facts, {
    gen: readStamp(fields[0], fields[1], message),
    cver,
    said: isLong ? readStamp(fields[14], fields[15], message) : cver,
    registeredAtMs: fields[4] as number,
    upSinceMs: fields[5] as number,
  })
}

/** Reads an override but for its value, which is the check's. */
function readOverride(part: unknown, message: MessageParts): Override {
  const fields = message.reader.fields(part, 3)
  const over = readStamp(fields[0], fields[1], message)
  return { over, value: fields[2] as Override['value'] }
}

function readStamp(number: unknown, index: unknown, message: MessageParts): Stamp {
  return { at: message.reader.count(number), by: readOrigin(index, message) }
}

function readOrigin(index: unknown, { reader, origins }: MessageParts): Origin {
  const origin = origins[reader.count(index)]
  if (origin) return origin
  reader.refuse()
  return CLIENT
}

/**
 * The record as it would be if it were whole and live: what a warm-start file may hold is asked
 * of every part here too, and only what is left out or over makes the difference.
 */
function filledUp(
  { id }: InstanceKey,
  { life, content, override }: InstanceRecord,
): InstanceRecord {
  if (id === POLICY_ID) return { life, content, override: override ?? SOME_POLICY }
  return {
    life: life ? { ...life, cancelled: false, evicted: false } : SOME_LIFE,
    content: content ?? SOME_CONTENT,
    override,
  }
}

const NOBODY: InstanceKey = { env: '', service: '', zone: '', id: '' }
const SOME_STAMP: Stamp = { at: 0, by: CLIENT }
const SOME_POLICY: Override = { over: SOME_STAMP, value: null }
const SOME_LIFE: Life = {
  gen: SOME_STAMP,
  cancelled: false,
  ver: SOME_STAMP,
  evicted: false,
  home: CLIENT,
  tombAtMs: 0,
}
const SOME_CONTENT: Content = {
  gen: SOME_STAMP,
  cver: SOME_STAMP,
  said: SOME_STAMP,
  registeredAtMs: 0,
  upSinceMs: 0,
  hostname: '',
  addresses: [],
  version: '',
  weight: 1,
  tags: [],
  metadata: {},
  status: 'up',
  ttlMs: 90_000,
}
