/**
 * A registry node in a process of its own.
 *
 * @module
 */

import { until } from '@rollcall/runtime/testing'
import type { Child, TimedEnd } from './child.ts'
import { call } from './http.ts'
import { startCli } from './run-cli.ts'
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts'

/** A start takes a second on a quiet machine; here a dozen nodes may start at once on two cores. */
const READY_WITHIN_MS = 60_000

export interface ServerOptions {
  /** The data folder; absent: one of its own, removed at the end. */
  readonly data?: string
  /** Port 0 by default: whichever is free. */
  readonly http?: string
  /** Further options of `rollcall server`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** A node that answers. Disposing kills it. */
export class Server implements AsyncDisposable {
  readonly url: string
  readonly data: string
  readonly child: Child
  readonly #folder: TemporaryFolder | undefined

  constructor(running: { url: string; data: string; child: Child; folder?: TemporaryFolder }) {
    this.url = running.url
    this.data = running.data
    this.child = running.child
    this.#folder = running.folder
  }

  get pid(): number {
    return this.child.pid
  }

  /** What it has logged so far. */
  get stderr(): readonly string[] {
    return this.child.stderr
  }

  /** `127.0.0.1:PORT`, for `--http`. */
  get http(): string {
    return new URL(this.url).host
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<TimedEnd> {
    return this.child.stop(signal)
  }

  kill9(): Promise<void> {
    return this.child.kill9()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.kill9()
    await this.#folder?.[Symbol.asyncDispose]()
  }
}

/** Starts a node on loopback and waits until it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const { http = '127.0.0.1:0', args = [], env = {} } = options
  const folder = options.data === undefined ? await temporaryFolder() : undefined
  const data = options.data ?? folder?.path ?? ''
  const child = startCli(['server', '--http', http, '--data', data, ...args], env)
  try {
    const listening = (line: string) => /^listening on (http:\S+)$/.exec(line)?.[1]
    const url = await child.line('where it listens', listening, READY_WITHIN_MS)
    await untilReady(url)
    return new Server({ url, data, child, ...(folder && { folder }) })
  } catch (error) {
    await child.kill9()
    await folder?.[Symbol.asyncDispose]()
    throw error
  }
}

async function untilReady(url: string): Promise<void> {
  const isReady = async () => (await call(`${url}/readyz`)).status === 200 || undefined
  await until('the server is ready', isReady, { withinMs: READY_WITHIN_MS })
}
