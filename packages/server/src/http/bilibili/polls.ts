/**
 * Readers that wait for any of several apps to change.
 *
 * A waiter subscribes first and looks after, so no change falls between. It is answered with
 * every app that is newer than what the reader has, once there is one that is news to it: an
 * app with instances, or one that has become empty and of which it has not been told.
 *
 * @module
 */

import type { Clock } from '@rollcall/runtime'
import type { InstancePlane } from '../../instances/index.ts'
import { shuttingDown, type Waiters } from '../waiters.ts'
import type { AppBodies, AppBody } from './app-bodies.ts'
import { UP } from './instances.ts'
import type { ToldEmpties } from './told-empties.ts'
import type { TrafficPlans } from './traffic-plans.ts'

/** How long a poll is held: clients give up a little later. */
export const HOLD_MS = 30_000

export interface PollsOptions {
  readonly instances: InstancePlane
  readonly bodies: AppBodies
  readonly plans: TrafficPlans
  readonly told: ToldEmpties
  readonly clock: Pick<Clock, 'after'>
  readonly waiters: Waiters
}

export interface Poll {
  readonly env: string
  readonly zone: string | undefined
  /** Of each app, the time that the reader has; 0 for none. */
  readonly since: ReadonlyMap<string, bigint>
  /** Where the reader calls from, and what it calls itself. */
  readonly address: string
  readonly hostname: string
  /** Calls back when the reader has gone; answers how to call that off. */
  readonly gone: (then: () => void) => () => void
}

export interface Found {
  /** The apps that are newer than what the reader has. */
  readonly changed: readonly AppBody[]
  /** The apps of which there is nothing. */
  readonly missing: readonly string[]
}

export class Polls {
  readonly #options: PollsOptions

  constructor(options: PollsOptions) {
    this.#options = options
  }

  /** One app as a poll reads it: what is up. */
  body({ env, zone }: Poll, service: string): AppBody {
    return this.#options.bodies.get({ env, zone, service, status: UP })
  }

  /**
   * Answers once there is news, or undefined when the time is up or the reader has gone.
   * Throws `too_many_watchers`, and `shutting_down` when the node stops meanwhile.
   */
  wait(asked: Poll): Promise<Found | undefined> {
    const { clock, waiters } = this.#options
    const poll = this.#capped(asked)
    return new Promise((resolve, reject) => {
      const ends: (() => void)[] = []
      const finish = (found?: Found) => {
        for (const end of ends.splice(0)) end()
        resolve(found)
      }
      const look = (apps: Iterable<string>) => {
        const found = this.#find(poll, apps)
        if (found) finish(found)
        return found !== undefined
      }
      this.#subscribe(poll, ends, (app) => {
        look([app])
      })
      if (look(poll.since.keys())) return
      try {
        const leave = waiters.enter(() => {
          reject(shuttingDown())
          finish()
        })
        ends.push(leave, clock.after(HOLD_MS, finish), poll.gone(finish))
      } catch (error) {
        reject(error)
        finish()
      }
    })
  }

  /** A time that we never gave out, of a node whose clock is ahead, must not keep our next change from its reader. */
  #capped(poll: Poll): Poll {
    const since = [...poll.since].map(([app, has]): [string, bigint] => {
      const { latest } = this.body(poll, app)
      return [app, has > latest ? latest : has]
    })
    return { ...poll, since: new Map(since) }
  }

  #subscribe({ env, since }: Poll, ends: (() => void)[], act: (app: string) => void): void {
    const { instances, bodies, plans } = this.#options
    for (const service of since.keys()) {
      const source = bodies.sourceOf({ env, service })
      const end = instances.subscribe(source, () => {
        act(service)
      })
      ends.push(end)
    }
    const end = plans.subscribe((key) => {
      if (key.env === env && since.has(key.service)) act(key.service)
    })
    ends.push(end)
  }

  /** Everything that is newer, if among `apps` there is news; most wake-ups are about one app. */
  #find(poll: Poll, apps: Iterable<string>): Found | undefined {
    let hasNews = false
    for (const app of apps) hasNews ||= this.#isNews(poll, this.body(poll, app))
    if (!hasNews) return undefined
    const bodies = [...poll.since.keys()].map((app) => this.body(poll, app))
    const changed = bodies.filter((body) => isNewer(poll, body))
    for (const body of changed) {
      if (body.isEmpty) this.#options.told.add(stateOf(poll, body), body.latest)
    }
    const missing = bodies.filter((body) => !body.exists && !changed.includes(body))
    return { changed, missing: missing.map(({ app }) => app) }
  }

  #isNews(poll: Poll, body: AppBody): boolean {
    if (!isNewer(poll, body)) return false
    return !body.isEmpty || !this.#options.told.has(stateOf(poll, body), body.latest)
  }
}

/** What is not there is no news to who has nothing of it; who had some is told that it is gone. */
function isNewer({ since }: Poll, { app, exists, latest }: AppBody): boolean {
  const has = since.get(app) ?? 0n
  return latest > has && (exists || has > 0n)
}

function stateOf({ address, hostname, env, zone, since }: Poll, { app }: AppBody) {
  return { address, hostname, env, zone, app, since: since.get(app) ?? 0n }
}
