/**
 * Prefixes that are watched together.
 *
 * @module
 */

import type { Kv, KvChanges } from '../../catalog/index.ts'

/** Prefixes of which none lies below another, so that a key is below one at most. */
export class PrefixSet {
  readonly prefixes: readonly string[]
  /** What all of them begin with. */
  readonly common: string

  constructor(prefixes: readonly string[]) {
    const sorted = [...new Set(prefixes)].sort()
    this.prefixes = sorted.filter(
      (prefix) => !sorted.some((other) => other !== prefix && prefix.startsWith(other)),
    )
    this.common = commonStart(this.prefixes)
  }

  /** Equal for equal sets. */
  get text(): string {
    return JSON.stringify(this.prefixes)
  }

  /** What of a revision's changes lies below them; undefined for nothing. */
  of(changes: KvChanges): KvChanges | undefined {
    if (this.prefixes.length === 1) return changes
    const puts = changes.puts.filter(({ key }) => this.#has(key))
    const deletes = changes.deletes.filter((key) => this.#has(key))
    if (puts.length + deletes.length === 0) return undefined
    return { revision: changes.revision, puts, deletes }
  }

  /** What changed below them after `revision`; undefined when that is not known. */
  changesSince(kv: Kv, revision: number): readonly KvChanges[] | undefined {
    return kv.changesSince(this.common, revision)?.flatMap((changes) => this.of(changes) ?? [])
  }

  #has(key: string): boolean {
    return this.prefixes.some((prefix) => key.startsWith(prefix))
  }
}

function commonStart([first = '', ...others]: readonly string[]): string {
  let length = first.length
  for (const other of others) {
    while (!other.startsWith(first.slice(0, length))) length -= 1
  }
  return first.slice(0, length)
}
