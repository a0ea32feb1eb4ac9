/**
 * How busy a process and its core were: tells whether the process was the limit of a
 * measurement, or its driver, the disk, or a neighbour on the machine.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { systemClock } from '@rollcall/runtime'

/** Shares of one core, 0 to 1. */
export interface CpuUse {
  /** What the process took, all its threads together. */
  readonly process: number
  /** How busy each core was, whoever kept it so. */
  readonly cores: readonly number[]
}

/** The kernel reports in hundredths of a second to every program on Linux. */
const TICKS_PER_SECOND = 100
const UTIME = 11
const STIME = 12

/** Starts to measure; the returned function answers what was used since. */
export function cpuUse(pid: number): () => CpuUse {
  const sinceMs = systemClock.monotonicMs()
  const before = cpuSeconds(pid)
  const coresBefore = cpus().map(({ times }) => times)
  return () => {
    const seconds = (systemClock.monotonicMs() - sinceMs) / 1_000
    const cores = cpus().map(({ times }, at) => busyShare(coresBefore[at] ?? times, times))
    return { process: (cpuSeconds(pid) - before) / seconds, cores }
  }
}

/** As `cpuUse`, of several processes together. */
export function cpuUseOfAll(pids: readonly number[]): () => CpuUse {
  const uses = pids.map(cpuUse)
  return () => {
    const used = uses.map((use) => use())
    const process = used.reduce((sum, cpu) => sum + cpu.process, 0)
    return { process, cores: used[0]?.cores ?? [] }
  }
}

type Times = ReturnType<typeof cpus>[number]['times']

/** The share of time between two readings in which a core was not idle. */
export function busyShare(before: Times, after: Times): number {
  const total = (times: Times) => Object.values(times).reduce((sum, time) => sum + time, 0)
  const passed = total(after) - total(before)
  return passed === 0 ? 0 : 1 - (after.idle - before.idle) / passed
}

/** CPU seconds of a process so far (proc(5), `/proc/PID/stat`). */
function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program, in brackets, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_PER_SECOND
}
