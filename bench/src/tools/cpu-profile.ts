/**
 * Where the time of a process went: the functions of a V8 CPU profile by their own time.
 *
 * @module
 */

interface ProfileNode {
  readonly id: number
  readonly callFrame: {
    readonly functionName: string
    readonly url: string
    readonly lineNumber: number
  }
}

/** What `--cpu-prof` writes. */
export interface CpuProfile {
  /** Microseconds of the machine's monotonic clock. */
  readonly startTime: number
  readonly nodes: readonly ProfileNode[]
  /** Ids of nodes, and the microseconds that passed since the sample before. */
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

export interface SelfTime {
  readonly name: string
  /** Of the time that was not idle, 0 to 1. */
  readonly share: number
}

/** A stretch of time, in microseconds of the machine's monotonic clock. */
export interface Window {
  readonly fromUs: number
  readonly toUs: number
}

/** Opens a window now; the returned function closes it. */
export function openWindow(): () => Window {
  const fromUs = nowUs()
  return () => ({ fromUs, toUs: nowUs() })
}

/** The functions that took most within a window, the largest first. Idle time does not count. */
export function topSelfTimes(
  profile: CpuProfile,
  { fromUs, toUs }: Window,
  count: number,
): SelfTime[] {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const times = new Map<string, number>()
  let atUs = profile.startTime
  profile.samples.forEach((id, at) => {
    const name = names.get(id) ?? '(unknown)'
    const deltaUs = profile.timeDeltas[at] ?? 0
    atUs += deltaUs
    if (atUs >= fromUs && atUs <= toUs) times.set(name, (times.get(name) ?? 0) + deltaUs)
  })
  times.delete('(idle)')
  const total = [...times.values()].reduce((sum, time) => sum + time, 0)
  return [...times]
    .sort(([, left], [, right]) => right - left)
    .slice(0, count)
    .map(([name, time]) => ({ name, share: time / total }))
}

function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n)
}

function nameOf({ functionName, url, lineNumber }: ProfileNode['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  const file = url.split('/').slice(-2).join('/')
  return file === '' ? name : `${name} ${file}:${lineNumber + 1}`
}
