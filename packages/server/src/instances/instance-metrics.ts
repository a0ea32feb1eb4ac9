/**
 * What the plane counts. The composition root hands in something that exports it.
 *
 * @module
 */

export interface InstanceMetrics {
  registered(outcome: 'created' | 'changed' | 'renewed' | 'superseded'): void
  renewed(outcome: 'renewed' | 'missing' | 'superseded', count: number): void
  cancelled(): void
  evicted(): void
  hidden(): void
  claimed(): void
  changed(): void
  stalled(delayMs: number): void
  fenced(): void
}

const nothing = () => {}

/** Counts nothing. */
export const noMetrics: InstanceMetrics = {
  registered: nothing,
  renewed: nothing,
  cancelled: nothing,
  evicted: nothing,
  hidden: nothing,
  claimed: nothing,
  changed: nothing,
  stalled: nothing,
  fenced: nothing,
}
