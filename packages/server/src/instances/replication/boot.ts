/**
 * When a node that starts, or that stood still for long, may serve: when it knows what its
 * peers know, or when nobody is there to tell.
 *
 * @module
 */

import { BEAT_MS, BOOT_ALONE_MS, BOOT_OTHERS_MS } from './constants.ts'

/** How a boot ended: with what peers told, or with nobody. */
export type BootEnd = 'peers' | 'alone'

export class Boot {
  readonly #startedAtMs: number
  /** Addresses that were named, or nodes that were known, and did not answer yet. */
  readonly #unanswered: Set<string>
  readonly #asked = new Set<string>()
  readonly #synced = new Set<string>()
  readonly #unreadyAtMs = new Map<string, number>()

  /** `expected`: addresses or nodes. */
  constructor(expected: Iterable<string>, nowMs: number) {
    this.#startedAtMs = nowMs
    this.#unanswered = new Set(expected)
  }

  /** A named address turned out to be this peer, or to be nobody (`undefined`). */
  answered(address: string, node: string | undefined): void {
    this.#unanswered.delete(address)
    if (node === undefined) return
    this.#unanswered.delete(node)
    this.#asked.add(node)
  }

  /** A peer whose channel broke, or that does not answer, is not waited for. */
  gone(node: string): void {
    this.#asked.delete(node)
  }

  synced(node: string): void {
    this.#asked.add(node)
    this.#synced.add(node)
  }

  /** A peer boots as well: it cannot tell what there is, yet. */
  unready(node: string, nowMs: number): void {
    this.#unreadyAtMs.set(node, nowMs)
  }

  /** Whom to sync with next: the first for everything, then the others, who will differ little. */
  next(nowMs: number): string | undefined {
    for (const node of this.#asked) {
      const unreadyAtMs = this.#unreadyAtMs.get(node)
      if (unreadyAtMs !== undefined && nowMs - unreadyAtMs < BEAT_MS) continue
      if (!this.#synced.has(node)) return node
    }
    return undefined
  }

  /** How the boot ended; undefined while it goes on. */
  end(nowMs: number): BootEnd | undefined {
    for (const node of this.#asked) {
      if (!this.#synced.has(node) && !this.#unreadyAtMs.has(node)) return undefined
    }
    const tookMs = nowMs - this.#startedAtMs
    const isSynced = this.#synced.size > 0
    if (this.#unanswered.size === 0) return isSynced ? 'peers' : 'alone'
    if (isSynced && tookMs >= BOOT_OTHERS_MS) return 'peers'
    return tookMs >= BOOT_ALONE_MS ? 'alone' : undefined
  }
}
