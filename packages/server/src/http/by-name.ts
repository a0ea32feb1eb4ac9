/**
 * Everything that the node shows, by service name, for protocols that ask for all at once.
 * It is sent as it is encoded, service by service: no answer of it is ever whole in memory.
 *
 * @module
 */

import { Readable } from 'node:stream'
import type { InstancePlane, ShownInstance } from '../instances/index.ts'
import type { ServiceKey } from '../model/instance-key.ts'
import { lastChangeOf } from './nanoseconds.ts'

export interface ByName {
  /** What stands before and after the object of lists. */
  readonly before: string
  readonly after: string
  /** JSON of one instance; `latest` is its service's last change, in nanoseconds. */
  readonly encode: (shown: ShownInstance, latest: bigint) => string
}

/** Streams `{name: [instance…]}`; the envs of one name share a list. */
export function streamByName(instances: InstancePlane, byName: ByName): Readable {
  return Readable.from(chunks(instances, byName))
}

function* chunks(instances: InstancePlane, { before, after, encode }: ByName): Iterable<string> {
  const named = new Map<string, ServiceKey[]>()
  for (const { env, service } of instances.list({})) {
    const keys = named.get(service)
    if (keys) keys.push({ env, service })
    else named.set(service, [{ env, service }])
  }
  let separator = `${before}{`
  for (const [name, keys] of named) {
    const parts: string[] = []
    for (const key of keys) {
      const snapshot = instances.snapshot(key)
      const latest = lastChangeOf(snapshot)
      for (const shown of snapshot.instances) parts.push(encode(shown, latest))
    }
    yield `${separator}${JSON.stringify(name)}:[${parts.join(',')}]`
    separator = ','
  }
  yield `${named.size === 0 ? separator : ''}}${after}`
}
