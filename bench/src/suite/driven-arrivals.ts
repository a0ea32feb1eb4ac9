/**
 * Changes at one end that somebody waits for at another, driven from the first to the last arrival.
 *
 * @module
 */

import type { ArrivalReport } from '../drivers/arrivals.ts'
import type { Core } from '../tools/child.ts'
import { cpuUseOfAll, type CpuUse } from '../tools/cpu-time.ts'
import { Driver } from '../tools/driver.ts'

/** What comes last may be late. */
const AFTER_LAST_MS = 90_000

export interface DrivenArrivals {
  readonly report: ArrivalReport
  /** Of all that were measured together. */
  readonly cpu: CpuUse
}

export interface ArrivalsDriver {
  readonly name: string
  readonly core: Core
  readonly input: { readonly seconds: number; readonly warmUpSeconds: number }
}

export async function driveArrivals(
  { name, core, input }: ArrivalsDriver,
  pids: readonly number[],
): Promise<DrivenArrivals> {
  const cpu = cpuUseOfAll(pids)
  await using driver = new Driver(name, core, input)
  const withinMs = (input.seconds + input.warmUpSeconds) * 1_000 + AFTER_LAST_MS
  const report = await driver.report<ArrivalReport>('arrivals', withinMs)
  return { report, cpu: cpu() }
}
