/**
 * With what a watch begins: what the watcher missed, or the whole truth; of services and of keys
 * each for itself.
 *
 * @module
 */

import type { ResyncEvent, ResyncReason, WatchPart } from '@rollcall/protocol'
import type { Catalog } from '../../catalog/index.ts'
import type { InstancePlane } from '../../instances/index.ts'
import type { KvTopic } from './kv-topic.ts'
import type { ServiceTopic } from './service-topic.ts'
import type { Opening } from './topic.ts'
import type { WatchPoint } from './watch-id.ts'
import type { Plan } from './watch-stream.ts'

export interface Planes {
  readonly instances: InstancePlane
  readonly catalog?: Catalog | undefined
}

export interface Begun {
  readonly services: readonly ServiceTopic[]
  readonly keys: KvTopic | undefined
  /** Where the watcher is. */
  readonly point: WatchPoint
}

/** What to tell a watcher that listens already. */
export function planOf(planes: Planes, { services, keys, point }: Begun): Plan {
  const resync = (reason: ResyncReason, part: WatchPart): ResyncEvent =>
    keys && services.length > 0 ? { reason, part } : { reason }
  return [
    ...ofServices(planes.instances, services, point.token).map((step) =>
      typeof step === 'string' ? resync(step, 'services') : step,
    ),
    ...(keys ? ofKeys(planes.catalog, keys, point.revision) : []).map((step) =>
      typeof step === 'string' ? resync(step, 'kv') : step,
    ),
  ]
}

type Step = Opening | ResyncReason

/** What was missed; or, with every topic as soon as with one, why to start over. */
function ofServices(
  instances: InstancePlane,
  topics: readonly ServiceTopic[],
  after: string | undefined,
): Step[] {
  const snapshots = topics.map((topic) => topic.snapshot())
  if (after === undefined) return snapshots
  const missed: Opening[] = []
  for (const topic of topics) {
    const resumption = instances.resume(topic.key, after)
    if (resumption.kind === 'start_over') return [resumption.reason, ...snapshots]
    if (resumption.changes.changed.size === 0) continue
    const opening = topic.missed(resumption.changes)
    if (opening) missed.push(opening)
  }
  return missed
}

function ofKeys(catalog: Catalog | undefined, topic: KvTopic, after: number | undefined): Step[] {
  if (after === undefined) return [topic.snapshot()]
  const missed = topic.missed(after)
  if (missed) return [missed]
  // What this catalog has not come to yet is another's, or of one that was lost.
  const isOther = after > (catalog?.status().viewRevision ?? 0)
  return [isOther ? 'other_node' : 'compacted', topic.snapshot()]
}
