/**
 * Who is heard. Beats are gossiped with their age, so that one broken link between two nodes
 * changes nothing while a third hears both.
 *
 * All times are on the plane's own time, from which this node's stalls are taken out: nobody
 * is given up because we did not listen.
 *
 * @module
 */

import { LOST_MS } from '../constants.ts'
import { UNKNOWN } from '../entry.ts'
import type { Standing } from '../homes.ts'
import type { Origin } from '../stamp.ts'
import type { Beat } from './messages.ts'

/** What is known of one node. */
interface Heard {
  inc: number
  counter: number
  /** When the newest beat was sent, as far as its age tells. */
  heardAtMs: number
  /** When it was heard again after it had been lost, or for the first time. */
  backAtMs: number
  /** When the last sync began that covers it. */
  syncedAtMs: number
}

export class Members {
  readonly #heard = new Map<string, Heard>()
  /** The last incarnation of nodes that have left; nothing of it counts any more. */
  readonly #left = new Map<string, number>()
  #bootAtMs: number

  constructor(nowMs: number) {
    this.#bootAtMs = nowMs
  }

  /** Since when this node listens. */
  get bootAtMs(): number {
    return this.#bootAtMs
  }

  /** Forgets what was heard: this node became a new incarnation. */
  startOver(nowMs: number): void {
    this.#heard.clear()
    this.#bootAtMs = nowMs
  }

  /** Takes a beat that somebody passed on. Answers whether it was the first of its node. */
  hear({ node, inc, counter, ageMs }: Beat, nowMs: number): boolean {
    if (inc <= (this.#left.get(node) ?? 0)) return false
    const sentAtMs = nowMs - ageMs
    const heard = this.#heard.get(node)
    if (!heard) {
      const fresh = { inc, counter, heardAtMs: sentAtMs, backAtMs: nowMs, syncedAtMs: UNKNOWN }
      this.#heard.set(node, fresh)
      return true
    }
    const isNewLife = inc > heard.inc
    if (!isNewLife && (inc < heard.inc || counter <= heard.counter)) return false
    const wasLost = nowMs - heard.heardAtMs >= LOST_MS
    heard.inc = inc
    heard.counter = counter
    heard.heardAtMs = isNewLife ? sentAtMs : Math.max(heard.heardAtMs, sentAtMs)
    if (wasLost && nowMs - heard.heardAtMs < LOST_MS) heard.backAtMs = nowMs
    return false
  }

  /** A life of a node has ended: it said so, or an operator did. A later one may be heard already. */
  leave(node: string, inc: number): void {
    this.#left.set(node, Math.max(inc, this.#left.get(node) ?? 0))
    if (this.incarnationOf(node) <= inc) this.#heard.delete(node)
  }

  /** Whether anything was heard of it in our present life. */
  isKnown(node: string): boolean {
    return this.#heard.has(node) || this.#left.has(node)
  }

  isAlive(node: string, nowMs: number): boolean {
    const heard = this.#heard.get(node)
    return heard !== undefined && nowMs - heard.heardAtMs < LOST_MS
  }

  /**
   * Of these nodes those of which a sync with us tells all: not of who was heard again, and has
   * yet to tell us what happened meanwhile.
   */
  known(nodes: readonly string[], nowMs: number): string[] {
    const doubted = this.doubted(nowMs)
    return nodes.filter((node) => this.isAlive(node, nowMs) && !doubted.includes(node))
  }

  /** Milliseconds since its last beat; undefined when nothing was heard. */
  silentMs(node: string, nowMs: number): number | undefined {
    const heard = this.#heard.get(node)
    return heard && nowMs - heard.heardAtMs
  }

  incarnationOf(node: string): number {
    return this.#heard.get(node)?.inc ?? 0
  }

  /** What is held of a home. One that was never heard may yet be, for as long as a silence is no loss. */
  standing(home: Origin, nowMs: number): Exclude<Standing, 'own'> {
    const heard = this.#heard.get(home.node)
    if (home.inc <= (this.#left.get(home.node) ?? 0)) return 'lost'
    if (!heard) return nowMs - this.#bootAtMs < LOST_MS ? 'doubted' : 'lost'
    if (home.inc < heard.inc || nowMs - heard.heardAtMs >= LOST_MS) return 'lost'
    return heard.syncedAtMs >= heard.backAtMs ? 'trusted' : 'doubted'
  }

  /** When a lost home was given up. What we had not heard of lately is counted from now, or from our start. */
  lostAtMs(home: Origin, nowMs: number): number {
    const heard = this.#heard.get(home.node)
    if (heard?.inc !== home.inc) return nowMs
    return Math.max(heard.heardAtMs + LOST_MS, this.#bootAtMs)
  }

  /** Nodes that live but that nobody may rely on before a sync. */
  doubted(nowMs: number): string[] {
    return [...this.#heard]
      .filter(([, { heardAtMs, syncedAtMs, backAtMs }]) => {
        return nowMs - heardAtMs < LOST_MS && syncedAtMs < backAtMs
      })
      .map(([node]) => node)
  }

  /** A sync that began then has covered a node. */
  synced(node: string, startedAtMs: number): void {
    const heard = this.#heard.get(node)
    if (heard) heard.syncedAtMs = Math.max(heard.syncedAtMs, startedAtMs)
  }

  /**
   * What we pass on of others' beats. Of those that left, the last that counted: should one come
   * back with an older incarnation, because its wall clock went back, it learns of it.
   */
  beats(nowMs: number): Beat[] {
    const heard = [...this.#heard].map(([node, { inc, counter, heardAtMs }]) => ({
      node,
      inc,
      counter,
      ageMs: Math.max(0, nowMs - heardAtMs),
    }))
    const left = [...this.#left].map(([node, inc]) => ({
      node,
      inc,
      counter: 0,
      ageMs: 2 * LOST_MS,
    }))
    return [...heard, ...left.filter(({ node }) => !this.#heard.has(node))]
  }
}
