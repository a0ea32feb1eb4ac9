/**
 * Whether watchers were told what happened: each revision once, in order and whole, nothing left
 * out, nothing made up, and all of them the same, on whichever node. The promises are those of
 * etcd's watches ("KV API guarantees").
 *
 * @module
 */

import type { Life, Watched } from '../model/told.ts'
import type { Step, Write } from '../model/write.ts'

/** What lies below it ends by itself. */
export const ON_LEASES = 'l/'

/** Answers all that is wrong, in words. */
export function judgeWatches(
  watched: readonly Watched[],
  writes: readonly Write[],
): readonly string[] {
  const asked = new Asked(writes)
  const truth = new Truth(watched, writes)
  return watched.flatMap(({ watcher, prefixes, lives }) => {
    const isWatched = (key: string) => prefixes.some((prefix) => key.startsWith(prefix))
    const problems = lives.flatMap((life) => [
      ...judgeOrder(life),
      ...judgeContent(life, { asked, isWatched }),
      ...truth.judge(life, isWatched),
    ])
    return problems.map((problem) => `${watcher}: ${problem}`)
  })
}

/** Ordered, and unique. */
function judgeOrder({ pages, changes }: Life): readonly string[] {
  const problems: string[] = []
  let last = pages[0]?.revision
  for (const { revision } of changes) {
    if (last === undefined) problems.push(`${revision} was told before there was a snapshot`)
    else if (revision <= last) problems.push(`${revision} was told after ${last}`)
    last = revision
  }
  return problems
}

interface Told {
  readonly asked: Asked
  readonly isWatched: (key: string) => boolean
}

/** Nothing beside what is watched, and nothing that nobody wrote, or wrote at another revision. */
function judgeContent({ pages, changes }: Life, { asked, isWatched }: Told): readonly string[] {
  const problems: string[] = []
  const look = (key: string, value: string | null, revision: number) => {
    if (!isWatched(key)) problems.push(`${key} was told, which is not watched`)
    const problem = asked.judge(key, value, revision)
    if (problem !== undefined) problems.push(problem)
  }
  for (const { entries } of pages) {
    for (const [key, { value, modRevision }] of entries) look(key, value, modRevision)
  }
  for (const { revision, step, modRevisions } of changes) {
    for (const [key, value] of step) look(key, value, revision)
    const others = modRevisions.filter((one) => one !== revision)
    if (others.length > 0) problems.push(`${revision} has puts of ${others.join()} in it`)
  }
  return problems
}

/** What clients asked for: each value of a key once. */
class Asked {
  /** The revision of each put; undefined where that is not known. */
  readonly #puts = new Map<string, number | undefined>()
  readonly #deletes = new Map<string, Set<number | undefined>>()

  constructor(writes: readonly Write[]) {
    for (const { step, revision } of writes) {
      for (const [key, value] of step) {
        if (value !== null) this.#puts.set(nameOf(key, value), revision)
        else
          this.#deletes.set(
            key,
            (this.#deletes.get(key) ?? new Set<number | undefined>()).add(revision),
          )
      }
    }
  }

  judge(key: string, value: string | null, revision: number): string | undefined {
    const told = `${key} = ${value ?? '(gone)'} at ${revision}`
    if (value === null) {
      const deletes = this.#deletes.get(key)
      const isAsked = deletes?.has(revision) === true || deletes?.has(undefined) === true
      return isAsked || key.startsWith(ON_LEASES) ? undefined : `nobody asked for ${told}`
    }
    if (!this.#puts.has(nameOf(key, value))) return `nobody asked for ${told}`
    const known = this.#puts.get(nameOf(key, value))
    if (known === undefined || known === revision) return undefined
    return `${told} was acknowledged at ${known}`
  }
}

/** All that is known of each revision, from its writers and from all watchers. */
class Truth {
  readonly #steps = new Map<number, Map<string, string | null>>()
  readonly #disputes: string[] = []
  readonly #revisions: readonly number[]

  constructor(watched: readonly Watched[], writes: readonly Write[]) {
    for (const { step, revision } of writes) if (revision !== undefined) this.#add(revision, step)
    for (const { lives } of watched) {
      for (const { changes } of lives) {
        for (const { revision, step } of changes) this.#add(revision, step)
      }
    }
    this.#revisions = [...this.#steps.keys()].sort((left, right) => left - right)
  }

  /** Whether a life was told all of what is known, as far as it goes. */
  judge({ pages, changes }: Life, isWatched: (key: string) => boolean): readonly string[] {
    const problems = this.#disputes.splice(0)
    const from = pages[0]?.revision ?? Infinity
    const upTo = changes.at(-1)?.revision ?? 0
    const told = new Map(changes.map(({ revision, step }) => [revision, step]))
    for (const revision of this.#revisions) {
      if (revision <= from || revision > upTo) continue
      const keys = [...(this.#steps.get(revision)?.keys() ?? [])].filter(isWatched)
      const missing = keys.filter((key) => told.get(revision)?.has(key) !== true)
      if (missing.length > 0) problems.push(`${revision} was told without ${missing.join()}`)
    }
    return problems
  }

  #add(revision: number, step: Step): void {
    const known = this.#steps.get(revision) ?? new Map<string, string | null>()
    this.#steps.set(revision, known)
    for (const [key, value] of step) {
      const before = known.get(key)
      if (before !== undefined && before !== value) {
        this.#disputes.push(`at ${revision} ${key} is ${before} to some and ${value} to others`)
      }
      known.set(key, value)
    }
  }
}

function nameOf(key: string, value: string): string {
  return `${key} = ${value}`
}
