/**
 * Driver: puts so many keys a second at one node, and watches for them at another. The same for
 * our nodes and for etcd.
 *
 * @module
 */

import { KEY_DIGITS, KEY_PREFIX, keyOf } from '../catalog/workload.ts'
import { input } from './conversation.ts'
import { EtcdEnds } from './etcd-ends.ts'
import { OurKvEnds } from './our-kv-ends.ts'
import { travel, type Journey } from './travel.ts'

export interface KvAcross extends Journey {
  readonly who: 'ours' | 'etcd'
  readonly writeUrl: string
  readonly watchUrl: string
  readonly valueBytes: number
}

const across = input() as KvAcross
const value = 'x'.repeat(across.valueBytes)
const ends =
  across.who === 'ours'
    ? new OurKvEnds({ ...across, value })
    : new EtcdEnds({
        ...across,
        from: KEY_PREFIX,
        // One more than the dash that the prefix ends with.
        upTo: `${KEY_PREFIX.slice(0, -1)}.`,
        keyOf,
        valueOf: () => value,
        mark: { prefix: Buffer.from(KEY_PREFIX), digits: KEY_DIGITS },
      })
await travel(across, ends)
process.exit(0)
