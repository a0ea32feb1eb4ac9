/**
 * Requests that wait for news: until it comes, the time is up, the reader has gone or the node
 * stops.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import { shuttingDown, type Waiters } from '../waiters.ts'

export interface PollWaitsOptions {
  readonly clock: Pick<Clock, 'after'>
  readonly waiters: Waiters
}

export interface PollWait<News> {
  readonly waitMs: number
  /** Calls back when the reader has gone; answers how to call that off. */
  readonly gone: (then: () => void) => () => void
  /** Begins to listen for news, which come later; answers how to stop. */
  readonly listen: (tell: (news: News) => void) => () => void
}

export class PollWaits {
  readonly #options: PollWaitsOptions
  #count = 0

  constructor(options: PollWaitsOptions) {
    this.#options = options
  }

  /** How many wait now. */
  get count(): number {
    return this.#count
  }

  /** Answers the news, or undefined without. Throws `too_many_watchers`, `shutting_down`. */
  wait<News>({ waitMs, gone, listen }: PollWait<News>): Promise<News | undefined> {
    const { clock, waiters } = this.#options
    return new Promise((resolve, reject) => {
      const leave = waiters.enter(() => {
        finish()
        reject(shuttingDown())
      })
      this.#count += 1
      const stopListening = listen((news) => {
        finish()
        resolve(news)
      })
      const giveUp = () => {
        finish()
        resolve(undefined)
      }
      const cancelTimer = clock.after(waitMs, giveUp)
      const forget = gone(giveUp)
      const finish = () => {
        this.#count -= 1
        leave()
        stopListening()
        cancelTimer()
        forget()
      }
    })
  }
}
