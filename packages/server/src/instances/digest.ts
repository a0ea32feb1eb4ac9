/**
 * Sums over all records, by which two nodes find out where they differ without showing each
 * other everything (after Merkle's trees, with one level).
 *
 * A record's hash covers its name, its stamps and its marks; a bucket is the sum of the hashes
 * of its records, in two lanes of 32 bits, so that a change costs two additions and the order
 * of changes does not matter. Stamps are made by nodes, so no client can craft a collision.
 *
 * Records near the horizon stay out: they are forgotten here and there at slightly different
 * times, and two digests would never agree.
 *
 * @module
 */

import type { InstanceKey } from '../model/instance-key.ts'
import type { Entry } from './entry.ts'
import type { InstanceRecord } from './record.ts'
import type { Origin, Stamp } from './stamp.ts'

/** About 64 records in each of a million; few enough to be sent. */
export const BUCKETS = 16_384

const FEW = 1_024

/** Two lanes of 32 bits. */
export type Sum = readonly [number, number]

export class Digest {
  readonly #sums = new Uint32Array(2 * BUCKETS)
  /** The same folded to as many as most syncs ask for. */
  readonly #few = new Uint32Array(2 * FEW)
  /** Plane time of the last change of each bucket, in seconds. */
  readonly #changedAtS = new Uint32Array(BUCKETS)
  readonly #heads = new Array<Entry | null>(BUCKETS).fill(null)
  #root: [number, number] = [0, 0]
  records = 0

  /** Over all records. */
  get root(): Sum {
    return this.#root
  }

  /** Takes an entry in. Its record must not change while it is. */
  add(entry: Entry, nowMs: number): void {
    if (entry.inDigest) return
    const [bucket, sum] = hashOf(entry)
    this.#count(bucket, sum, nowMs)
    entry.bucketNext = this.#heads[bucket] ?? null
    this.#heads[bucket] = entry
    entry.inDigest = true
    this.records += 1
  }

  /** Takes an entry out, with the record that it was taken in with. */
  remove(entry: Entry, nowMs: number): void {
    if (!entry.inDigest) return
    const [bucket, [a, b]] = hashOf(entry)
    this.#count(bucket, [-a, -b], nowMs)
    this.#unlink(entry, bucket)
    entry.inDigest = false
    this.records -= 1
  }

  /** The entry's record changed from what it was taken in with. */
  replace(entry: Entry, before: InstanceRecord, nowMs: number): void {
    if (!entry.inDigest) return
    const key = keyOf(entry)
    const [bucket, [a, b]] = hashRecord(key, before)
    const [, [c, d]] = hashRecord(key, entry.record)
    this.#count(bucket, [c - a, d - b], nowMs)
  }

  /** The sums of `buckets` buckets, two lanes each; a power of two, at most all. */
  sums(buckets: number): Uint32Array {
    return this.#fold(buckets).slice()
  }

  /** Which of somebody else's buckets differ from ours; with `restingMs`, only those that did not change here for so long. */
  differing(theirs: Uint32Array, restingMs: number, nowMs: number): number[] {
    const buckets = theirs.length / 2
    const ours = this.#fold(buckets)
    const differing: number[] = []
    for (let at = 0; at < buckets; at += 1) {
      const isEqual = ours[2 * at] === theirs[2 * at] && ours[2 * at + 1] === theirs[2 * at + 1]
      if (!isEqual && this.hasRested(at, { buckets, restingMs, nowMs })) differing.push(at)
    }
    return differing
  }

  /** The entries of one of `buckets` buckets. */
  *entries(bucket: number, buckets: number): Iterable<Entry> {
    for (let at = bucket; at < BUCKETS; at += buckets) {
      for (let entry = this.#heads[at] ?? null; entry; entry = entry.bucketNext) yield entry
    }
  }

  /** How many buckets are worth sending for as many records as there are here: about 16 in each. */
  get worthwhile(): number {
    let buckets = 64
    while (buckets < BUCKETS && buckets * 16 < this.records) buckets *= 2
    return buckets
  }

  /** Whether a bucket has not changed for a while. */
  hasRested(
    bucket: number,
    rest: { readonly buckets: number; readonly restingMs: number; readonly nowMs: number },
  ): boolean {
    if (rest.restingMs === 0) return true
    const untilS = Math.floor((rest.nowMs - rest.restingMs) / 1_000)
    for (let at = bucket; at < BUCKETS; at += rest.buckets) {
      if ((this.#changedAtS[at] ?? 0) > untilS) return false
    }
    return true
  }

  /** The same without a copy where that is what is kept. */
  #fold(buckets: number): Uint32Array {
    const width = 2 * buckets
    const kept = buckets > FEW ? this.#sums : this.#few
    if (width === kept.length) return kept
    const folded = new Uint32Array(width)
    // Bucket `at` of all is bucket `at % buckets` of fewer; without the division, since these are many.
    for (let from = 0; from < kept.length; from += width) {
      for (let at = 0; at < width; at += 1) {
        folded[at] = (folded[at] ?? 0) + (kept[from + at] ?? 0)
      }
    }
    return folded
  }

  #count(bucket: number, sum: Sum, nowMs: number): void {
    add(this.#sums, bucket, sum)
    add(this.#few, bucket % FEW, sum)
    this.#root = [(this.#root[0] + sum[0]) >>> 0, (this.#root[1] + sum[1]) >>> 0]
    this.#changedAtS[bucket] = Math.floor(nowMs / 1_000)
  }

  #unlink(entry: Entry, bucket: number): void {
    let previous: Entry | null = null
    for (let at = this.#heads[bucket] ?? null; at; at = at.bucketNext) {
      if (at === entry) {
        if (previous) previous.bucketNext = entry.bucketNext
        else this.#heads[bucket] = entry.bucketNext
        entry.bucketNext = null
        return
      }
      previous = at
    }
  }
}

function add(sums: Uint32Array, bucket: number, [a, b]: Sum): void {
  sums[2 * bucket] = (sums[2 * bucket] ?? 0) + a
  sums[2 * bucket + 1] = (sums[2 * bucket + 1] ?? 0) + b
}

/** The sum that one record adds to its bucket. */
export function recordHash(entry: Entry): Sum {
  return hashOf(entry)[1]
}

/** In which of `buckets` buckets an entry is. */
export function bucketOf(entry: Entry, buckets: number): number {
  return hashOf(entry)[0] % buckets
}

export function keyOf({ service, zone, id }: Entry): InstanceKey {
  return { env: service.env, service: service.name, zone, id }
}

function hashOf(entry: Entry): readonly [bucket: number, sum: Sum] {
  return hashRecord(keyOf(entry), entry.record)
}

function hashRecord(
  { env, service, zone, id }: InstanceKey,
  { life, content, override }: InstanceRecord,
): readonly [bucket: number, sum: Sum] {
  let key = hashText(SEED, env)
  key = hashText(key, service)
  key = hashText(key, zone)
  key = finish(hashText(key, id))
  let a = key
  let b = finish(key ^ OTHER_SEED)
  const take = (value: number) => {
    a = mix(a, value)
    b = mix(Math.imul(b, OTHER_SEED), value)
  }
  const takeStamp = (stamp: Stamp | undefined) => {
    const at = stamp?.at ?? 0
    take(at % WORD)
    take(Math.floor(at / WORD))
    take(stamp ? originHash(stamp.by) : 0)
  }
  takeStamp(life?.gen)
  takeStamp(life?.ver)
  take((life?.cancelled === true ? 1 : 0) + (life?.evicted === true ? 2 : 0))
  // Of what a tombstone was, nodes may remember more or less.
  const isLife = life !== null && !life.cancelled && !life.evicted
  takeStamp(isLife ? content?.gen : undefined)
  takeStamp(isLife ? content?.cver : undefined)
  takeStamp(override?.over)
  return [key % BUCKETS, [finish(a), finish(b)]]
}

const SEED = 0x2f0b_4c47
const OTHER_SEED = 0x1b87_3593
const WORD = 4_294_967_296

function hashText(seed: number, text: string): number {
  let hash = mix(seed, text.length)
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193)
  }
  return hash
}

/** Few origins wrote nearly all stamps. */
const origins = new WeakMap<Origin, number>()

function originHash(origin: Origin): number {
  let hash = origins.get(origin)
  if (hash === undefined) {
    hash = finish(mix(hashText(SEED, origin.node), origin.inc % WORD))
    origins.set(origin, hash)
  }
  return hash
}

/** One round of MurmurHash3 (Appleby, public domain). */
function mix(hash: number, value: number): number {
  let word = Math.imul(value | 0, 0xcc9e_2d51)
  word = (word << 15) | (word >>> 17)
  const mixed = hash ^ Math.imul(word, 0x1b87_3593)
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe654_6b64) | 0
}

function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85eb_ca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2_ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
