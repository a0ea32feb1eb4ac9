/**
 * What this node's own batches have put, as a watch brings it. A watch tells since when a key is
 * there; so a commit that gets what it has just put need not have every member look that up.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import type { Change, KeyValue } from '../../catalog/engine.ts'

/** The entries that one batch has put, by key. */
export type OwnPuts = ReadonlyMap<string, KeyValue>

/** A watch that is so late is not waited for any longer. */
const WITHIN_MS = 1_000

interface Brought {
  readonly revision: number
  readonly changes: readonly Change[]
}

/** Revisions are those of the port. One batch is on its way at a time, so only the last is kept. */
export class OwnChanges {
  readonly #clock: Pick<Clock, 'after'>
  readonly #waiting = new Map<number, (brought?: Brought) => void>()
  #watches = 0
  #last: Brought | undefined

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock
  }

  /** A watch begins. Answers how to say that it has ended. */
  watching(): () => void {
    this.#watches += 1
    return () => {
      this.#watches -= 1
      if (this.#watches > 0) return
      for (const end of this.#waiting.values()) end()
    }
  }

  /** A watch has brought a batch of this node. */
  brought(revision: number, changes: readonly Change[]): void {
    this.#last = { revision, changes }
    this.#waiting.get(revision)?.(this.#last)
  }

  /**
   * What the batch of a revision has put; undefined where no watch tells it in time. To be asked as
   * soon as the batch is known to be done, and once.
   */
  async putsOf(revision: number): Promise<OwnPuts | undefined> {
    const brought = this.#last?.revision === revision ? this.#last : await this.#wait(revision)
    return brought && putsAmong(brought)
  }

  #wait(revision: number): Promise<Brought | undefined> {
    if (this.#watches === 0) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const end = (brought?: Brought) => {
        callOff()
        this.#waiting.delete(revision)
        resolve(brought)
      }
      const callOff = this.#clock.after(WITHIN_MS, end)
      this.#waiting.set(revision, end)
    })
  }
}

function putsAmong({ changes }: Brought): OwnPuts {
  const puts = new Map<string, KeyValue>()
  for (const change of changes) if (change.kind === 'put') puts.set(change.entry.key, change.entry)
  return puts
}
