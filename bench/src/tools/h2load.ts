/**
 * h2load, on a core of its own, with one gRPC call as the body of every request.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Child, type Core } from './child.ts'
import { GRPC_HEADERS } from './grpc-call.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** How many connections, and how many calls at once on each. */
export interface Shape {
  readonly connections: number
  readonly streams: number
}

/** The three ways to have 64 calls under way. */
export const SHAPES: readonly Shape[] = [
  { connections: 1, streams: 64 },
  { connections: 8, streams: 8 },
  { connections: 64, streams: 1 },
]

export interface H2loadOptions {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
  readonly core: Core
  readonly url: string
  /** Of every request: gRPC frames. */
  readonly body: Uint8Array
  readonly shape: Shape
  readonly seconds: number
}

export interface H2loadResult {
  readonly perSecond: number
  readonly requests: number
  /** Bytes of data, without headers, of an average answer. */
  readonly dataBytesEach: number
}

/** Runs it once. Rejects when a request failed. */
export async function runH2load(options: H2loadOptions): Promise<H2loadResult> {
  const { program, env, core, url, shape, seconds } = options
  await using folder = await temporaryFolder()
  const body = join(folder.path, 'body')
  await writeFile(body, options.body)
  const headers = Object.entries(GRPC_HEADERS).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ])
  const args = ['-t1', '-c', String(shape.connections), '-m', String(shape.streams), '-d', body]
  const time = ['-D', String(seconds)]
  await using child = new Child({
    command: [program, ...args, ...time, ...headers, url],
    core,
    env,
  })
  await child.succeed()
  return parseH2load(child.stdout.join('\n'))
}

/** Reads what it prints. Throws when it is not what was expected, or when a request failed. */
export function parseH2load(text: string): H2loadResult {
  const numbers = (pattern: RegExp): number[] => {
    const found = pattern.exec(text)
    if (!found) throw new Error(`h2load did not print ${pattern.source}:\n${text}`)
    return found.slice(1).map(Number)
  }
  const [perSecond = 0] = numbers(/^finished in [^,]+, ([\d.]+) req\/s/m)
  const [succeeded = 0, ...wrong] = numbers(
    /^requests: .* (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/m,
  )
  const [, ...others] = numbers(/^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/m)
  const [dataBytes = 0] = numbers(/^traffic: .* \(\d+\) headers .* \((\d+)\) data/m)
  const bad = [...wrong, ...others].reduce((sum, count) => sum + count, 0)
  if (bad > 0 || succeeded === 0) throw new Error(`Requests of h2load failed:\n${text}`)
  return { perSecond, requests: succeeded, dataBytesEach: dataBytes / succeeded }
}
