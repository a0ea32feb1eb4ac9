/**
 * Who vouches for what: every live entry hangs in the group of its home, one incarnation of
 * one node, so that the loss or return of a node touches what it was home of and nothing else.
 *
 * Groups are walked a few thousand entries at a time. Entries that join a group while it is
 * walked are attended by whoever put them there; one that leaves under the walker's feet
 * moves it on.
 *
 * @module
 */

import type { Entry } from './entry.ts'
import type { Origin } from './stamp.ts'

/**
 * What this node holds of a home. `own`: it is this node, in its present life. `trusted`: it
 * lives, and what it says is known here. `doubted`: it lives again, or nothing was heard of it
 * yet. `lost`: it does not beat any more, or was an earlier life of a node.
 */
export type Standing = 'own' | 'trusted' | 'doubted' | 'lost'

export interface HomeGroup {
  readonly origin: Origin
  standing: Standing
  head: Entry | null
  size: number
  /** The next entry to attend, while a change of standing is being worked off. */
  walker: Entry | null
}

export class Homes {
  readonly #groups = new Map<string, Map<number, HomeGroup>>()
  readonly #walked = new Set<HomeGroup>()
  readonly #standingOf: (origin: Origin) => Standing

  constructor(standingOf: (origin: Origin) => Standing) {
    this.#standingOf = standingOf
  }

  /** Hangs an entry where it belongs: under `origin`, or nowhere. */
  place(entry: Entry, origin: Origin | undefined): void {
    if (entry.home && origin && same(entry.home.origin, origin)) return
    if (entry.home) this.#unlink(entry, entry.home)
    if (origin) link(entry, this.#take(origin))
  }

  /** Looks at every group again, and starts to walk those whose standing changed. */
  review(): void {
    for (const group of this.groups()) {
      const standing = this.#standingOf(group.origin)
      if (standing === group.standing) continue
      group.standing = standing
      this.walk(group)
    }
  }

  /** Has every entry of a group attended again. */
  walk(group: HomeGroup): void {
    group.walker = group.head
    if (group.head) this.#walked.add(group)
  }

  /** Hands out up to `limit` entries of groups that are walked. */
  attend(limit: number, visit: (entry: Entry) => void): void {
    let left = limit
    for (const group of this.#walked) {
      for (let entry = group.walker; entry; entry = group.walker) {
        if (left === 0) return
        left -= 1
        group.walker = entry.homeNext
        visit(entry)
      }
      this.#walked.delete(group)
    }
  }

  /** Whether others, who are heard, vouch for something too. */
  get areShared(): boolean {
    for (const { standing } of this.groups()) if (standing === 'trusted') return true
    return false
  }

  *groups(): Iterable<HomeGroup> {
    for (const lives of this.#groups.values()) yield* lives.values()
  }

  #take(origin: Origin): HomeGroup {
    let lives = this.#groups.get(origin.node)
    if (!lives) {
      lives = new Map()
      this.#groups.set(origin.node, lives)
    }
    let group = lives.get(origin.inc)
    if (!group) {
      const standing = this.#standingOf(origin)
      group = { origin, standing, head: null, size: 0, walker: null }
      lives.set(origin.inc, group)
    }
    return group
  }

  #unlink(entry: Entry, group: HomeGroup): void {
    const { homeNext, homePrevious } = entry
    if (group.walker === entry) group.walker = homeNext
    if (homeNext) homeNext.homePrevious = homePrevious
    if (homePrevious) homePrevious.homeNext = homeNext
    else group.head = homeNext
    entry.homeNext = null
    entry.homePrevious = null
    entry.home = null
    group.size -= 1
    if (group.size > 0) return
    this.#walked.delete(group)
    const lives = this.#groups.get(group.origin.node)
    lives?.delete(group.origin.inc)
    if (lives?.size === 0) this.#groups.delete(group.origin.node)
  }
}

function link(entry: Entry, group: HomeGroup): void {
  entry.home = group
  entry.homeNext = group.head
  if (group.head) group.head.homePrevious = entry
  group.head = entry
  group.size += 1
}

function same(left: Origin, right: Origin): boolean {
  return left === right || (left.inc === right.inc && left.node === right.node)
}
