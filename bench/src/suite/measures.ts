/**
 * What several scenarios do with our node.
 *
 * @module
 */

import { openWindow, type Window } from '../tools/cpu-profile.ts'
import { cpuUse, type CpuUse } from '../tools/cpu-time.ts'
import { Driver } from '../tools/driver.ts'
import { startOurNode, type OurNode, type OurNodeOptions } from '../tools/our-node.ts'
import { runWrk, type WrkResult } from '../tools/wrk.ts'
import { cpuDetails, DRIVER_CORE, MEASURED_CORE, type Bench } from './scenario.ts'

/** 64 requests under way, as in every shape in which etcd is asked. */
export const CONNECTIONS = 64

const LISTENING_WITHIN_MS = 30_000

/** A run of wrk. */
export interface Measured extends WrkResult {
  readonly cpu: CpuUse
  readonly window: Window
}

export interface Load {
  readonly server: { readonly url: string; readonly pid: number }
  readonly path?: string
  readonly connections?: number
  /** The script of a run; `part` is `warm-up` or `main`. */
  readonly script?: (part: 'warm-up' | 'main') => string
}

/** A node for a scenario, on the core of those who are measured. */
export function ourNode(
  { profiled }: Bench,
  options: Omit<OurNodeOptions, 'core' | 'profiled'> = {},
): Promise<OurNode> {
  return startOurNode({ core: MEASURED_CORE, profiled, ...options })
}

/** How long a measurement takes. */
export function secondsOf({ quick }: { readonly quick: boolean }): number {
  return quick ? 2 : 10
}

/** Runs wrk against a server, after a while for its compiler to warm up. */
export async function load(bench: Bench, options: Load): Promise<Measured> {
  const { server, path = '/', connections = CONNECTIONS, script = () => '' } = options
  const run = (part: 'warm-up' | 'main', seconds: number) =>
    runWrk({
      program: bench.tools.wrk,
      env: bench.tools.env,
      core: DRIVER_CORE,
      url: `${server.url}${path}`,
      connections,
      seconds,
      script: script(part),
    })
  await run('warm-up', bench.quick ? 1 : 3)
  const cpu = cpuUse(server.pid)
  const closeWindow = openWindow()
  const result = await run('main', secondsOf(bench))
  return { ...result, cpu: cpu(), window: closeWindow() }
}

/** What a bare HTTP server of Node does with bodies of so many bytes. */
export async function plainServer(bench: Bench, bytes: number): Promise<Measured> {
  await using driver = new Driver('plain-server', MEASURED_CORE, { bytes })
  const { url } = await driver.report<{ url: string }>('listening', LISTENING_WITHIN_MS)
  // Awaited here, or the server would be gone before it is asked.
  return await load(bench, { server: { url, pid: driver.child.pid } })
}

/** The details of a run of ours. */
export function detailsOf({ p50Ms, p99Ms, cpu }: Measured): Record<string, number> {
  return { ourP50Ms: p50Ms, ourP99Ms: p99Ms, ...cpuDetails('our', cpu) }
}
