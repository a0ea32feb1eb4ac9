/**
 * What happens to keys, as events.
 *
 * @module
 */

import type { KvEvent, KvSnapshotEvent, WatchedPut } from '@rollcall/protocol'
import type { KeyValue, KvChanges } from '../../catalog/index.ts'
import { base64Of } from '../base64.ts'
import { frame, withRevision } from './frames.ts'
import type { TopicFrame } from './topic.ts'

/** One revision. */
export function changesFrame({ revision, puts, deletes }: KvChanges): TopicFrame {
  const event: KvEvent = { revision, puts: puts.map(presentPut), deletes: [...deletes] }
  return withRevision([frame('kv', event)], revision, puts.length + deletes.length)
}

/** A page of what is below a prefix. `isLast`: nothing else has to be told. */
export function pageFrame(page: KvSnapshotEvent, isLast: boolean): TopicFrame {
  const encoded = withRevision([frame('kv-snapshot', page)], page.revision, 0)
  return { ...encoded, more: !isLast }
}

function presentPut({ key, value, modRevision, lease }: KeyValue): WatchedPut {
  return { key, valueBase64: base64Of(value), modRevision, ...(lease > 0 && { lease }) }
}
