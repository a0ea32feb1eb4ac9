/**
 * wrk, on a core of its own, with a script that says what each request is and prints the
 * figures for us to read.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Child, type Core } from './child.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface WrkOptions {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
  readonly core: Core
  readonly url: string
  readonly connections: number
  readonly seconds: number
  /** Lua that defines `request`; absent: a GET of the URL, again and again. */
  readonly script?: string
}

export interface WrkResult {
  readonly perSecond: number
  readonly requests: number
  readonly bytesPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const MARK = 'figures '

/** Prints what wrk knows at the end as one line. Latencies and durations are microseconds. */
const REPORT = `
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '${MARK}{"requests":%d,"us":%d,"bytes":%d,"p50":%f,"p99":%f,' ..
    '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50),
    latency:percentile(99), e.connect, e.read, e.write, e.status, e.timeout))
end
`

/** Runs it once. Rejects when a request failed or was answered with an error. */
export async function runWrk(options: WrkOptions): Promise<WrkResult> {
  const { program, env, core, url, connections, seconds, script = '' } = options
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'bench.lua')
  await writeFile(file, `${script}${REPORT}`)
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', file, url]
  await using child = new Child({ command: [program, ...args], core, env })
  await child.succeed()
  return parseWrk(child.stdout.join('\n'))
}

/** Reads the line of the script. Throws when it is missing, or when a request failed. */
export function parseWrk(text: string): WrkResult {
  const line = text.split('\n').find((one) => one.startsWith(MARK))
  if (line === undefined) throw new Error(`wrk did not print its figures:\n${text}`)
  const figures = JSON.parse(line.slice(MARK.length)) as Readonly<Record<string, number>>
  const { requests = 0, us = 0, bytes = 0, p50 = 0, p99 = 0, ...errors } = figures
  const bad = Object.values(errors).reduce((sum, count) => sum + count, 0)
  if (bad > 0 || requests === 0) throw new Error(`Requests of wrk failed:\n${text}`)
  const seconds = us / 1_000_000
  return {
    perSecond: requests / seconds,
    requests,
    bytesPerSecond: bytes / seconds,
    p50Ms: p50 / 1_000,
    p99Ms: p99 / 1_000,
  }
}
