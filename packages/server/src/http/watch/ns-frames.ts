/**
 * What happens to namespaces and what they hold, as events.
 *
 * @module
 */

import type { NsEvent } from '@rollcall/protocol'
import type { NamespaceChange, NamespaceChanges } from '../../catalog/index.ts'
import { presentNamespace, presentResource } from '../present-resources.ts'
import { frame, withRevision } from './frames.ts'
import type { TopicFrame } from './topic.ts'

/** One revision: an event for each place that it changed. */
export function namespacesFrame({ revision, changes }: NamespaceChanges): TopicFrame {
  const last = changes.length - 1
  const [first, ...others] = changes.map((change, at) =>
    frame('ns', { ...eventOf(revision, change), ...(at < last && { more: true }) }),
  )
  if (!first) throw new Error('A revision without changes is not told.')
  const count = changes.reduce((sum, change) => sum + weightOf(change), 0)
  return withRevision([first, ...others], revision, count)
}

function eventOf(revision: number, change: NamespaceChange): NsEvent {
  if ('namespace' in change) {
    const namespace = presentNamespace(change.namespace)
    const path = change.kind === 'moved' ? change.path : namespace.path
    return { revision, path, kind: change.kind, namespace }
  }
  const { path } = change
  if (change.kind === 'deleted') return { revision, path, kind: 'deleted', id: change.id }
  const { kind, type, removed } = change
  const upserted = change.upserted.map(presentResource)
  return { revision, path, kind, type, upserted, removed: [...removed] }
}

function weightOf(change: NamespaceChange): number {
  return 'upserted' in change ? Math.max(change.upserted.length + change.removed.length, 1) : 1
}
