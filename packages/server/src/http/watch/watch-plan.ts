/**
 * With what a watch begins: what the watcher missed, or the whole truth; of services, of keys and
 * of namespaces each for itself.
 *
 * @module
 */

import type { ResyncEvent, ResyncReason, WatchPart } from '@rollcall/protocol'
import type { InstancePlane } from '../../instances/index.ts'
import type { CatalogTopic } from './catalog-topic.ts'
import type { ServiceTopic } from './service-topic.ts'
import type { Opening } from './topic.ts'
import type { WatchPoint } from './watch-id.ts'
import type { Plan } from './watch-stream.ts'

export interface Begun {
  readonly services: readonly ServiceTopic[]
  /** One of a kind at most. */
  readonly ofCatalog: readonly CatalogTopic[]
  /** Where the watcher is. */
  readonly point: WatchPoint
}

/** What to tell a watcher that listens already. */
export function planOf(instances: InstancePlane, { services, ofCatalog, point }: Begun): Plan {
  const isOfOne = ofCatalog.length + Math.min(services.length, 1) === 1
  const resync = (reason: ResyncReason, part: WatchPart): ResyncEvent =>
    isOfOne ? { reason } : { reason, part }
  const told = (part: WatchPart, steps: readonly Step[]) =>
    steps.map((step) => (typeof step === 'string' ? resync(step, part) : step))
  return [
    ...told('services', ofServices(instances, services, point.token)),
    ...ofCatalog.flatMap((topic) => told(topic.part, ofTopic(topic, point[topic.part]))),
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

function ofTopic(topic: CatalogTopic, after: number | undefined): Step[] {
  if (after === undefined) return [topic.snapshot()]
  const missed = topic.missed(after)
  return typeof missed === 'string' ? [missed, topic.snapshot()] : [missed]
}
