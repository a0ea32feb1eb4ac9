/**
 * Counts what those who wait hold of the plane and of the clock, and must all give back.
 *
 * @module
 */

import type { PlaneHarness } from './plane-harness.ts'

export interface Held {
  /** Subscriptions to the plane. */
  listeners: number
  /** Alarms that are set. */
  alarms: number
}

/** Counts from now on; what was held before is left out. */
export function countHeld({ plane, clock }: Pick<PlaneHarness, 'plane' | 'clock'>): Readonly<Held> {
  const held: Held = { listeners: 0, alarms: 0 }
  const subscribe = plane.subscribe.bind(plane)
  plane.subscribe = (key, listener) => {
    const unsubscribe = subscribe(key, listener)
    held.listeners += 1
    return () => {
      held.listeners -= 1
      unsubscribe()
    }
  }
  const after = clock.after.bind(clock)
  clock.after = (ms, act) => {
    held.alarms += 1
    let isSet = true
    const done = () => {
      if (isSet) held.alarms -= 1
      isSet = false
    }
    const cancel = after(ms, () => {
      done()
      act()
    })
    return () => {
      done()
      cancel()
    }
  }
  return held
}
