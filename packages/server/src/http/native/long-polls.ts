/**
 * Readers that wait for a service to change.
 *
 * A waiter subscribes first and looks after, so no change falls between; a change wakes it,
 * and it goes on waiting if what it would be sent is what it has.
 *
 * @module
 */

import type { InstancePlane } from '../../instances/index.ts'
import type { ServiceKey } from '../../model/instance-key.ts'
import type { InstanceFilter } from '../instance-filter.ts'
import { sameInstances, type ServiceBodies, type ServiceBody } from '../service-bodies.ts'
import type { PollWaits } from './poll-waits.ts'

export interface LongPollsOptions {
  readonly instances: InstancePlane
  readonly bodies: ServiceBodies
  readonly waits: PollWaits
}

export interface Poll {
  readonly key: ServiceKey
  readonly filter: InstanceFilter
  /** The token of what the reader has; absent: it has nothing. */
  readonly after: string | undefined
  readonly waitMs: number
  /** Calls back when the reader has gone; answers how to call that off. */
  readonly gone: (then: () => void) => () => void
}

export class LongPolls {
  readonly #options: LongPollsOptions

  constructor(options: LongPollsOptions) {
    this.#options = options
  }

  /**
   * Answers the service once it differs from what the reader has, or undefined when the time
   * is up. Throws `invalid_argument` for a token that is none, `too_many_watchers`, and
   * `shutting_down` when the node stops meanwhile.
   */
  async wait(poll: Poll): Promise<ServiceBody | undefined> {
    const { key, filter, waitMs } = poll
    const body = this.#options.bodies.get(key, filter)
    if (this.#hasNews(poll, body)) return body
    if (waitMs === 0) return undefined
    // Whatever appears of an unknown service is news, also where the filter leaves nothing of it.
    return this.#sleep(poll, body.known ? body : undefined)
  }

  #hasNews({ key, after }: Poll, { known }: ServiceBody): boolean {
    if (after === undefined) return known
    const resumption = this.#options.instances.resume(key, after)
    if (resumption.kind === 'changes') return resumption.changes.changed.size > 0
    // The reader cannot know better than a node that has never heard of the service.
    return known
  }

  #sleep({ key, filter, waitMs, gone }: Poll, has: ServiceBody | undefined) {
    const { instances, bodies, waits } = this.#options
    return waits.wait<ServiceBody>({
      waitMs,
      gone,
      listen: (tell) =>
        instances.subscribe(key, () => {
          const body = bodies.get(key, filter)
          if (!has || !sameInstances(has, body)) tell(body)
        }),
    })
  }
}
