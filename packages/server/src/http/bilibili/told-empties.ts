/**
 * Who has been told already that an app is empty.
 *
 * Clients ignore an app without instances and go on asking with the time that they had
 * before, which is older than the app's: answered at once, they would ask again at once, for
 * ever. So each is told of the same emptiness once, and then waits for the next change.
 *
 * @module
 */

import { LRUCache } from 'lru-cache'

/** Whoever is beyond these is told once more. */
const REMEMBERED_MAX = 100_000

/** A client and what it has: nothing else tells one poll's sender from the next. */
export interface PollerState {
  readonly address: string
  readonly hostname: string
  readonly env: string
  readonly zone: string | undefined
  readonly app: string
  /** The time that it has of the app. */
  readonly since: bigint
}

export class ToldEmpties {
  readonly #told = new LRUCache<string, bigint>({ max: REMEMBERED_MAX })

  /** Whether the poller has been told that the app is empty as of `latest`. */
  has(poller: PollerState, latest: bigint): boolean {
    return this.#told.get(textOf(poller)) === latest
  }

  add(poller: PollerState, latest: bigint): void {
    this.#told.set(textOf(poller), latest)
  }
}

function textOf({ address, hostname, env, zone = '', app, since }: PollerState): string {
  return [address, hostname, env, zone, app, since].join(' ')
}
