/**
 * `latest_timestamp`: when an app last changed, in nanoseconds, and greater with every change.
 *
 * The plane says when the instances of a service changed. A traffic plan is no instance, but
 * its change is one of the app: from then on the app's time is kept here, ahead of both.
 *
 * @module
 */

import { serviceKeyText, type ServiceKey } from '../../model/instance-key.ts'
import type { ServiceSnapshot } from '../../instances/index.ts'
import { lastChangeOf, nanosecondsOf } from '../nanoseconds.ts'

type Changes = Pick<ServiceSnapshot, 'revision' | 'changedAtMs' | 'changedSeq'>

interface Raised {
  readonly revision: number
  readonly latest: bigint
}

export class LatestTimes {
  /** Of apps whose plan changed since the start. */
  readonly #raised = new Map<string, Raised>()

  /** The app's time as of a snapshot. */
  of(key: ServiceKey, changes: Changes): bigint {
    const text = serviceKeyText(key)
    const raised = this.#raised.get(text)
    if (!raised) return lastChangeOf(changes)
    if (raised.revision === changes.revision) return raised.latest
    return this.#keep(text, changes, greater(lastChangeOf(changes), raised.latest + 1n))
  }

  /** Notes a change of the app that was none of its instances. */
  raise(key: ServiceKey, changes: Changes, wallMs: number): void {
    const next = this.of(key, changes) + 1n
    this.#keep(serviceKeyText(key), changes, greater(nanosecondsOf(wallMs), next))
  }

  #keep(text: string, { revision }: Changes, latest: bigint): bigint {
    this.#raised.set(text, { revision, latest })
    return latest
  }
}

function greater(left: bigint, right: bigint): bigint {
  return left > right ? left : right
}
