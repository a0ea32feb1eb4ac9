/**
 * Whether a node may serve what it knows of instances, as far as its peers are concerned.
 *
 * @module
 */

export interface ReplicationState {
  readonly ready: boolean
  /** Why not, for people. */
  readonly reasons: readonly string[]
}

/** What may stand in the way. */
export interface Obstacles {
  readonly isBooting: boolean
  readonly isRemoved: boolean
  /** Why the clock may not be trusted. */
  readonly clock: string | undefined
}

/** Of a node that has not begun. */
export const BEGINNING = stateOf({ isBooting: true, isRemoved: false, clock: undefined })

export function stateOf({ isBooting, isRemoved, clock }: Obstacles): ReplicationState {
  const reasons = [
    ...(isBooting ? ['it learns from its peers what there is'] : []),
    ...(isRemoved ? ['it was removed from the cluster; start it again to let it join'] : []),
    ...(clock === undefined ? [] : [clock]),
  ]
  return { ready: reasons.length === 0, reasons }
}

export function isSameState(one: ReplicationState, other: ReplicationState): boolean {
  return one.reasons.join() === other.reasons.join()
}
