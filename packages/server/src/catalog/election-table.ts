import type { KeyValue } from './engine.ts'
import { FAMILY, parseCandidacyKey } from './key-schema.ts'
import type { Reducer } from './view/reducer.ts'

/** One candidate in the queue of an election. */
export interface Candidacy {
  readonly candidate: string
  /** The revision that created it: its place in the queue, and its fencing token. */
  readonly token: number
  readonly value: Uint8Array
  readonly lease: number
}

/** The candidates of each election in the order in which they came. The first one leads. */
export class ElectionTable implements Reducer {
  readonly family = FAMILY.election
  readonly #queues = new Map<string, Map<string, Candidacy>>()

  put(entry: KeyValue): void {
    const key = parseCandidacyKey(entry.key)
    if (!key) return
    const queue = this.#queues.get(key.name) ?? new Map<string, Candidacy>()
    this.#queues.set(key.name, queue)
    const { createRevision, value, lease } = entry
    queue.set(key.candidate, { candidate: key.candidate, token: createRevision, value, lease })
  }

  delete(stored: string): void {
    const key = parseCandidacyKey(stored)
    if (!key) return
    const queue = this.#queues.get(key.name)
    queue?.delete(key.candidate)
    if (queue?.size === 0) this.#queues.delete(key.name)
  }

  /** In order of the tokens; empty when nobody stands. */
  queue(name: string): readonly Candidacy[] {
    const queue = this.#queues.get(name)
    return queue ? [...queue.values()].sort((left, right) => left.token - right.token) : []
  }
}
