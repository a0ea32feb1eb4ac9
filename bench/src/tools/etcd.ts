/**
 * An etcd of one member, on the core that our node has when it is its turn, with its defaults.
 *
 * @module
 */

import { systemClock } from '@rollcall/runtime'
import { Child } from './child.ts'
import type { Tools } from './debian-packages.ts'
import { freePort } from './free-port.ts'
import { grpcCall } from './grpc-call.ts'
import { METHODS, serializableRange } from './grpc-frame.ts'
import { Leftovers } from './leftovers.ts'
import { temporaryFolder } from './temporary-folder.ts'

const READY_WITHIN_MS = 30_000
const ASK_EVERY_MS = 50
const never = new AbortController().signal

/** A running etcd. Disposing kills it and removes its data. */
export interface Etcd extends AsyncDisposable {
  readonly url: string
  readonly pid: number
}

/** Starts one on loopback and waits until it answers. */
export async function startEtcd({ etcd, env }: Tools, core: number): Promise<Etcd> {
  await using started = new Leftovers()
  const data = started.use(await temporaryFolder()).path
  const url = `http://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${await freePort()}`
  const options = {
    name: 'bench',
    'data-dir': data,
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `bench=${peer}`,
    'log-level': 'error',
  }
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
  const child = started.use(new Child({ command: [etcd, ...args], core, env }))
  await untilEtcdAnswers(url, child)
  const leftovers = started.move()
  const close = () => leftovers[Symbol.asyncDispose]()
  return { url, pid: child.pid, [Symbol.asyncDispose]: close }
}

/** Waits until one answers. Rejects when it ends, or takes too long. */
export async function untilEtcdAnswers(url: string, child: Child): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + READY_WITHIN_MS
  for (;;) {
    try {
      await grpcCall(url, METHODS.range, serializableRange('ready'))
      return
    } catch (error) {
      if (child.hasEnded || systemClock.monotonicMs() > deadlineMs) {
        throw new Error(`etcd does not answer:\n${child.said}`, { cause: error })
      }
    }
    await systemClock.sleep(ASK_EVERY_MS, never)
  }
}
