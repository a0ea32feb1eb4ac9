/**
 * Engines on an etcd that runs, for a file of tests.
 *
 * @module
 */

import { silentLog, start, systemClock, systemRandom, type Clock } from '@rollcall/runtime'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { openEtcdEngine, type EtcdEngine } from '../engines/etcd/index.ts'
import { EtcdMembers } from './etcd-members.ts'

/** One member for all tests of a file. */
export interface EtcdOfFile {
  readonly url: string
  /** Keys of a test of their own. */
  readonly newPrefix: () => string
}

/** Starts it before the first test of the file that calls this, and ends it after the last. */
export function etcdOfFile(name: string): EtcdOfFile {
  let etcd: EtcdMembers | undefined
  let prefixes = 0
  beforeAll(async () => {
    etcd = await EtcdMembers.start({ release: 'trixie', members: 1 })
  })
  afterAll(async () => {
    await etcd?.[Symbol.asyncDispose]()
  })
  return {
    get url() {
      return etcd?.endpoints[0] ?? ''
    },
    newPrefix: () => `/${name}/${(prefixes += 1)}`,
  }
}

export interface RunningEngineOptions {
  readonly url: string
  readonly prefix: string
  readonly node?: string
  readonly user?: { readonly name: string; readonly password: string }
  readonly clock?: Clock
}

/** Opens an engine and runs it until the test is over, however that ends. */
export async function runEtcdEngine(options: RunningEngineOptions): Promise<EtcdEngine> {
  const { url, prefix, node = 'n1', user, clock = systemClock } = options
  const parts = { clock, random: systemRandom, log: silentLog }
  const access = { endpoints: [url], ...(user && { user }) }
  const engine = await openEtcdEngine({ ...parts, prefix, node, access })
  const running = start(engine)
  running.ended.catch(() => {})
  onTestFinished(async () => {
    await Promise.allSettled([running[Symbol.asyncDispose]()])
  })
  return engine
}
