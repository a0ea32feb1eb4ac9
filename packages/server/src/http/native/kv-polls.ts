/**
 * Readers that wait for keys to change.
 *
 * @module
 */

import type { Kv, KvChanges } from '../../catalog/index.ts'
import type { PollWait, PollWaits } from './poll-waits.ts'

export interface KvPoll extends Pick<PollWait<true>, 'waitMs' | 'gone'> {
  readonly prefix: string
  /** Only this key, and not all below the prefix. */
  readonly key?: string | undefined
  /** The revision of what the reader has; undefined: it has nothing. */
  readonly after: number | undefined
}

export class KvPolls {
  readonly #kv: Kv
  readonly #waits: PollWaits

  constructor(kv: Kv, waits: PollWaits) {
    this.#kv = kv
    this.#waits = waits
  }

  /**
   * Answers whether something changed after what the reader has, at once where it did or where
   * that is no longer known; false when the time is up. Throws `too_many_watchers`, and
   * `shutting_down` when the node stops meanwhile.
   */
  async wait(poll: KvPoll): Promise<boolean> {
    if (this.#hasNews(poll)) return true
    if (poll.waitMs === 0) return false
    // Between the look and this, no change can happen: both are of one turn.
    const news = await this.#waits.wait<true>({
      ...poll,
      listen: (tell) => {
        const unsubscribe = this.#kv.subscribe(poll.prefix, (changes) => {
          if (concerns(changes, poll)) tell(true)
        })
        const stop = this.#kv.onRestart(() => {
          tell(true)
        })
        return () => {
          unsubscribe()
          stop()
        }
      },
    })
    return news === true
  }

  #hasNews(poll: KvPoll): boolean {
    const { prefix, key, after } = poll
    const entry = key === undefined ? undefined : this.#kv.get(key)
    if (entry) return after === undefined || entry.modRevision > after
    if (after === undefined) {
      return key === undefined && this.#kv.list({ prefix, limit: 1 }).entries.length > 0
    }
    const changes = this.#kv.changesSince(prefix, after)
    return !changes || changes.some((one) => concerns(one, poll))
  }
}

function concerns({ puts, deletes }: KvChanges, { key }: KvPoll): boolean {
  if (key === undefined) return true
  return deletes.includes(key) || puts.some((entry) => entry.key === key)
}
