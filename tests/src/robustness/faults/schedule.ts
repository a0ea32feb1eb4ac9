/**
 * Which faults come, and when: each kind once in an order of chance, then again. Between two of
 * them all is well for a while, so that there is something to lose.
 *
 * @module
 */

import { sample, systemClock, type Random } from '@rollcall/runtime'
import type { Cluster } from './cluster.ts'
import { FAULTS, inject, planOf, type Fault, type Plan } from './fault.ts'

const WELL_MIN_MS = 1_000
const WELL_MORE_MS = 2_500

export interface Schedule {
  readonly random: Random
  readonly signal: AbortSignal
  /** Told of each before it is done. */
  readonly onFault: (plan: Plan) => void
}

/** Injects faults until `signal` aborts, and answers what was done. All is mended then. */
export async function injectAll(cluster: Cluster, schedule: Schedule): Promise<readonly Fault[]> {
  const { random, signal, onFault } = schedule
  const faults: Fault[] = []
  for (;;) {
    for (const kind of sample(FAULTS, FAULTS.length, random)) {
      if (!(await systemClock.sleep(WELL_MIN_MS + random() * WELL_MORE_MS, signal))) return faults
      const plan = planOf(kind, random)
      onFault(plan)
      faults.push(await inject(cluster, plan, signal))
    }
  }
}
