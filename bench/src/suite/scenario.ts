/**
 * What a scenario is given, and the rows that it makes.
 *
 * @module
 */

import type { CpuUse } from '../tools/cpu-time.ts'
import type { Tools } from '../tools/debian-packages.ts'
import type { SelfTime } from '../tools/cpu-profile.ts'
import type { Peers } from './peers.ts'

/** Who is measured. */
export const MEASURED_CORE = 0
/** Who measures. */
export const DRIVER_CORE = 1

export interface Bench {
  /** Short and small, to see that it works; the figures mean little. */
  readonly quick: boolean
  /** Also say where our node's time went; costs some of it. */
  readonly profiled: boolean
  readonly tools: Tools
  readonly peers: Peers
  /** Tells whoever looks on what is being done. */
  readonly note: (line: string) => void
}

export interface Figure {
  readonly value: number
  /** Stands behind the value: `/s`, ` ms`. */
  readonly unit: string
}

/** One line of the table. */
export interface Row {
  readonly scenario: string
  readonly measure: string
  readonly ours: Figure
  readonly theirs?: Figure
  /** Our figure by theirs. */
  readonly ratio?: number
  readonly target: string
  /** Absent where there is no target. */
  readonly met?: boolean
  /** How it came about. */
  readonly details: Readonly<Record<string, string | number>>
  readonly profile?: readonly SelfTime[]
}

export interface Scenario {
  readonly name: string
  readonly about: string
  readonly run: (bench: Bench) => Promise<readonly Row[]>
}

/** A row that holds our figure against another of the same unit; met from `least` times that on. */
export function against(
  row: Omit<Row, 'ratio' | 'met'> & { readonly theirs: Figure },
  least?: number,
): Row {
  const ratio = row.ours.value / row.theirs.value
  return { ...row, ratio, ...(least !== undefined && { met: ratio >= least }) }
}

export function perSecond(value: number): Figure {
  return { value, unit: '/s' }
}

export function milliseconds(value: number): Figure {
  return { value, unit: ' ms' }
}

/**
 * How busy it was, for the details. `Cpu` below 0.9 means that something else was the limit;
 * a core that is busier than its process had neighbours, which spoil the figure.
 */
export function cpuDetails(who: string, { process, cores }: CpuUse): Record<string, number> {
  return {
    [`${who}Cpu`]: process,
    [`${who}CoreBusy`]: cores[MEASURED_CORE] ?? Number.NaN,
    [`${who}DriverCoreBusy`]: cores[DRIVER_CORE] ?? Number.NaN,
  }
}

/**
 * Our figure by theirs, each per second of CPU that it took: what the ratio would be if neither
 * had neighbours. Says nothing of work that waits for a disk.
 */
export function ratioPerCpuSecond(ours: Worked, theirs: Worked): number {
  return ours.perSecond / ours.cpu.process / (theirs.perSecond / theirs.cpu.process)
}

interface Worked {
  readonly perSecond: number
  readonly cpu: CpuUse
}
