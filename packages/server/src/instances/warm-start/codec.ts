/**
 * The lines of a warm-start file: a header, one compact array per instance, and an end line
 * that says whether what stands before it is whole.
 *
 * Most stamps of a record were made by the same one or two origins, so a line lists those
 * once and its stamps name them by index.
 *
 * @module
 */

import type { StoredInstance } from '../load.ts'
import { isPatched, type Content, type Life, type Override } from '../record.ts'
import { CLIENT, type Origin, type Stamp } from '../stamp.ts'
import { InstanceCheck } from './instance-check.ts'

const FORMAT = 'rollcall-instances'
const VERSION = 1

/** Of a line with its newline. No instance within the limits comes near it. */
export const LINE_MAX_BYTES = 1_048_576

/** Who wrote a file, and when. */
export interface Header {
  /** The node's id. */
  readonly node: string
  /** Epoch milliseconds. */
  readonly writtenAt: number
  /** The stamp number that the node's clock had reached. */
  readonly clock: number
}

export function encodeHeader({ node, writtenAt, clock }: Header): string {
  return JSON.stringify({ format: FORMAT, version: VERSION, node, writtenAt, clock })
}

/** Reads a header; undefined for anything but one of this version. */
export function decodeHeader(line: string): Header | undefined {
  const header = parse(line)
  if (typeof header !== 'object' || header === null) return undefined
  const { format, version, node, writtenAt, clock } = header as Record<string, unknown>
  if (format !== FORMAT || version !== VERSION || typeof node !== 'string') return undefined
  if (!isCount(writtenAt) || !isCount(clock)) return undefined
  return { node, writtenAt, clock }
}

/** Writes the end line. There is one spelling of it, so readers compare instead of parsing. */
export function encodeEnd(count: number, sha256: string): string {
  return JSON.stringify({ end: true, count, sha256 })
}

/** The line of a live instance or a policy. */
export function encodeInstance({ key, record }: StoredInstance): string {
  const { life, content, override } = record
  const origins: OriginPair[] = []
  return JSON.stringify([
    key.env,
    key.service,
    key.zone,
    key.id,
    life && [
      life.gen.at,
      indexOf(life.gen.by, origins),
      life.ver.at,
      indexOf(life.ver.by, origins),
      indexOf(life.home, origins),
    ],
    content && [
      content.gen.at,
      indexOf(content.gen.by, origins),
      content.cver.at,
      indexOf(content.cver.by, origins),
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
      ...(isPatched(content) ? [content.said.at, indexOf(content.said.by, origins)] : []),
    ],
    override && [override.over.at, indexOf(override.over.by, origins), override.value],
    origins,
  ])
}

type OriginPair = readonly [node: string, inc: number]

/** Where a line lists an origin; lists it if it does not yet. */
function indexOf({ node, inc }: Origin, origins: OriginPair[]): number {
  for (let at = 0; at < origins.length; at += 1) {
    const known = origins[at]
    if (known && known[1] === inc && known[0] === node) return at
  }
  return origins.push([node, inc]) - 1
}

/**
 * Reads the lines of one file. Equal origins become one object, and equal neighbouring names
 * one text. On the way of every record at a start: no spreads or destructured arrays here,
 * which would double its time.
 */
export class InstanceDecoder {
  readonly #origins = new OriginPool()
  readonly #check = new InstanceCheck()
  #names: ServicePlace = { env: '', service: '', zone: '' }

  /** Reads one line; undefined when it is not exactly what `encodeInstance` writes of a sound instance. */
  decode(line: string): StoredInstance | undefined {
    const parts = listOf(parse(line), 8)
    const origins = parts && this.#origins.read(parts[7])
    if (!origins) return undefined
    const life = parts[4] === null ? null : readLife(parts[4], origins)
    const content = parts[5] === null ? null : readContent(parts[5], origins)
    const override = parts[6] === null ? null : readOverride(parts[6], origins)
    if (life === undefined || content === undefined || override === undefined) return undefined
    const { env, service, zone } = this.#placeOf(parts as readonly string[])
    const key = { env, service, zone, id: parts[3] as string }
    const stored: StoredInstance = { key, record: { life, content, override } }
    return this.#check.isSound(stored) ? stored : undefined
  }

  /** The greatest incarnation of a node that was met so far; 0 for none. */
  lastIncarnationOf(node: string): number {
    return this.#origins.lastOf(node)
  }

  /** The table is written service by service, so that mostly nothing differs from the line before. */
  #placeOf(parts: readonly string[]): ServicePlace {
    const { env, service, zone } = this.#names
    if (env !== parts[0] || service !== parts[1] || zone !== parts[2]) {
      this.#names = { env: parts[0] ?? '', service: parts[1] ?? '', zone: parts[2] ?? '' }
    }
    return this.#names
  }
}

type ServicePlace = Pick<StoredInstance['key'], 'env' | 'service' | 'zone'>

/** Every origin that was met, once. */
class OriginPool {
  readonly #byNode = new Map<string, Map<number, Origin>>([['', new Map([[0, CLIENT]])]])

  /** Reads the list of a line; undefined when an item is no origin. */
  read(part: unknown): Origin[] | undefined {
    if (!Array.isArray(part)) return undefined
    const origins: Origin[] = []
    for (const item of part as unknown[]) {
      const pair = listOf(item, 2)
      const node = pair?.[0]
      const inc = pair?.[1]
      if (typeof node !== 'string' || !isCount(inc)) return undefined
      origins.push(this.#take(node, inc))
    }
    return origins
  }

  lastOf(node: string): number {
    return Math.max(0, ...(this.#byNode.get(node)?.keys() ?? []))
  }

  #take(node: string, inc: number): Origin {
    let lives = this.#byNode.get(node)
    if (!lives) {
      lives = new Map()
      this.#byNode.set(node, lives)
    }
    let origin = lives.get(inc)
    if (!origin) {
      origin = { node, inc }
      lives.set(inc, origin)
    }
    return origin
  }
}

function readLife(part: unknown, origins: readonly Origin[]): Life | undefined {
  const fields = listOf(part, 5)
  if (!fields) return undefined
  const gen = stamp(fields[0], origins, fields[1])
  const ver = stamp(fields[2], origins, fields[3])
  const home = at(origins, fields[4])
  if (!gen || !ver || !home) return undefined
  return { gen, cancelled: false, ver, evicted: false, home, tombAtMs: 0 }
}

function readContent(part: unknown, origins: readonly Origin[]): Content | undefined {
  const patched = listOf(part, 16)
  const fields = patched ?? listOf(part, 14)
  if (!fields) return undefined
  const gen = stamp(fields[0], origins, fields[1])
  const cver = stamp(fields[2], origins, fields[3])
  const said = patched ? stamp(fields[14], origins, fields[15]) : cver
  if (!gen || !cver || !said) return undefined
  const content: Record<keyof Content, unknown> = {
    gen,
    cver,
    said,
    registeredAtMs: fields[4],
    upSinceMs: fields[5],
    hostname: fields[6],
    addresses: fields[7],
    version: fields[8],
    weight: fields[9],
    tags: fields[10],
    metadata: fields[11],
    status: fields[12],
    ttlMs: fields[13],
  }
  return content as Content
}

function readOverride(part: unknown, origins: readonly Origin[]): Override | undefined {
  const fields = listOf(part, 3)
  const over = fields && stamp(fields[0], origins, fields[1])
  return over && ({ over, value: fields[2] } as Override)
}

function stamp(number: unknown, origins: readonly Origin[], index: unknown): Stamp | undefined {
  const by = at(origins, index)
  return by && { at: number as number, by }
}

function at(origins: readonly Origin[], index: unknown): Origin | undefined {
  return typeof index === 'number' ? origins[index] : undefined
}

function listOf(value: unknown, length: number): readonly unknown[] | undefined {
  return Array.isArray(value) && value.length === length ? (value as unknown[]) : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
