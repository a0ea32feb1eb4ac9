/**
 * What a commit reads and what it writes, and whether two of them may be judged at once.
 *
 * etcd judges all compares of a batch before it writes anything. So a batch has an order in which
 * its commits could have been done one after the other only if none writes what another reads or
 * writes: `W(a) ∩ (R(b) ∪ W(b)) = ∅` and `W(b) ∩ R(a) = ∅`.
 *
 * @module
 */

import { firstBelow } from '../../catalog/engine/first-below.ts'
import type { Commit } from '../../catalog/engine.ts'

export interface Touched {
  readonly keys: ReadonlySet<string>
  /** All keys below them. */
  readonly prefixes: readonly string[]
}

export interface Footprint {
  readonly reads: Touched
  /** Of both branches: which one is done is not known before. */
  readonly writes: Touched
}

export function footprintOf({ compares, then, otherwise = [] }: Commit): Footprint {
  const reads = { keys: new Set<string>(), prefixes: [] as string[] }
  const writes = { keys: new Set<string>(), prefixes: [] as string[] }
  for (const compare of compares) {
    if ('prefix' in compare) reads.prefixes.push(compare.prefix)
    else reads.keys.add(compare.key)
  }
  for (const operation of [...then, ...otherwise]) {
    if (operation.kind === 'delete_prefix') writes.prefixes.push(operation.prefix)
    else (operation.kind === 'get' ? reads : writes).keys.add(operation.key)
  }
  return { reads, writes }
}

export function hasPrefix({ reads, writes }: Footprint): boolean {
  return reads.prefixes.length > 0 || writes.prefixes.length > 0
}

/** The footprints of many commits, as one. */
export class Occupied {
  readonly #reads = new MutableTouched()
  readonly #writes = new MutableTouched()

  add({ reads, writes }: Footprint): void {
    this.#reads.add(reads)
    this.#writes.add(writes)
  }

  conflictsWith({ reads, writes }: Footprint): boolean {
    return (
      this.#writes.overlaps(writes) || this.#writes.overlaps(reads) || this.#reads.overlaps(writes)
    )
  }
}

class MutableTouched {
  readonly #keys = new Set<string>()
  readonly #prefixes: string[] = []

  add({ keys, prefixes }: Touched): void {
    for (const key of keys) this.#keys.add(key)
    this.#prefixes.push(...prefixes)
  }

  overlaps({ keys, prefixes }: Touched): boolean {
    for (const key of keys) {
      if (this.#keys.has(key)) return true
      if (this.#prefixes.some((prefix) => key.startsWith(prefix))) return true
    }
    if (prefixes.length === 0) return false
    if (firstBelow(prefixes, [...this.#keys]) !== undefined) return true
    return prefixes.some((prefix) =>
      this.#prefixes.some((other) => prefix.startsWith(other) || other.startsWith(prefix)),
    )
  }
}
