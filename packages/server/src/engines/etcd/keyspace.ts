/**
 * Where things lie in etcd: all below one prefix, so that an etcd may be shared.
 *
 * ```
 * <prefix>/!gen                 which generation counts, and the base of its revisions
 * <prefix>/!lane/<node>         the last batch of a node
 * <prefix>/!lease/<gen>/<id>    a lease with what was granted; ends with it
 * <prefix>/!restore             who restores or sweeps; leased
 * <prefix>/<gen>/<key>          the content
 * ```
 *
 * @module
 */

import type { KeySpan } from './messages.ts'

const GENERATION_DIGITS = 10
/** Ids of leases are those of etcd below this; above it is the generation. */
const PUBLIC_ID_BITS = 53n
const GENERATIONS_APART = 512

export class Keyspace {
  /** Everything of ours. */
  readonly whole: KeySpan
  readonly generation: Buffer
  readonly restore: Buffer
  readonly lanes: KeySpan
  readonly #root: string

  /** The prefix is without a slash at its end. */
  constructor(prefix: string) {
    this.#root = `${prefix}/`
    this.whole = spanOf(this.#root)
    this.generation = Buffer.from(`${this.#root}!gen`)
    this.restore = Buffer.from(`${this.#root}!restore`)
    this.lanes = spanOf(`${this.#root}!lane/`)
  }

  lane(node: string): Buffer {
    return Buffer.from(`${this.#root}!lane/${node}`)
  }

  lease(generation: number, id: number): Buffer {
    return Buffer.from(`${this.#leases(generation)}${id}`)
  }

  leases(generation: number): KeySpan {
    return spanOf(this.#leases(generation))
  }

  leaseOf(generation: number, stored: Buffer): number {
    return Number(stored.toString().slice(this.#leases(generation).length))
  }

  entry(generation: number, key: string): Buffer {
    return Buffer.from(this.#content(generation) + key)
  }

  below(generation: number, prefix: string): KeySpan {
    return spanOf(this.#content(generation) + prefix)
  }

  /** Answers undefined for what is no content of that generation. */
  keyOf(generation: number, stored: Buffer): string | undefined {
    const text = stored.toString()
    const content = this.#content(generation)
    return text.startsWith(content) ? text.slice(content.length) : undefined
  }

  /** What all generations have of one kind. */
  everyGeneration(kind: 'content' | 'leases'): KeySpan {
    if (kind === 'leases') return spanOf(`${this.#root}!lease/`)
    return { ...spanOf(`${this.#root}9`), key: Buffer.from(`${this.#root}0`) }
  }

  generationOf(kind: 'content' | 'leases', stored: Buffer): number {
    const before = kind === 'leases' ? `${this.#root}!lease/` : this.#root
    return Number.parseInt(stored.toString().slice(before.length), 10)
  }

  #content(generation: number): string {
    return `${this.#root}${String(generation).padStart(GENERATION_DIGITS, '0')}/`
  }

  #leases(generation: number): string {
    return `${this.#root}!lease/${generation}/`
  }
}

/** A lease as etcd knows it: the same id of two generations is two leases. */
export function etcdLease(generation: number, id: number): string {
  return ((BigInt(generation % GENERATIONS_APART) << PUBLIC_ID_BITS) | BigInt(id)).toString()
}

/** The id that the port has of one. */
export function publicLease(stored: string): number {
  return stored === '0' ? 0 : Number(BigInt.asUintN(Number(PUBLIC_ID_BITS), BigInt(stored)))
}

/** The keys that begin with a text that is not empty. */
export function spanOf(prefix: string): KeySpan {
  const key = Buffer.from(prefix)
  return { key, range_end: afterPrefix(key) }
}

/** UTF-8 has no byte that could not be counted up. */
function afterPrefix(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix)
  end[end.length - 1] = (end.at(-1) ?? 0) + 1
  return end
}
