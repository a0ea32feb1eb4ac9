/**
 * What every node holds and shows at one moment, as text that can be compared.
 *
 * @module
 */

import { keyOf } from '../src/instances/digest.ts'
import { effectiveStatus, isLive, type InstanceRecord } from '../src/instances/record.ts'
import type { Stamp } from '../src/instances/stamp.ts'
import type { Final } from './cluster-history.ts'
import type { ClusterWorld } from './cluster-world.ts'

/** Services whose instances nobody follows one by one. */
export const BULK = 'bulk'

export function takeFinal(world: ClusterWorld): Final {
  const records = new Map<string, Map<string, string>>()
  const shown = new Map<string, Map<string, string>>()
  const sizes = new Map<string, number>()
  const roots = new Map<string, string>()
  const outbox = new Map<string, number>()
  for (const [name, { process }] of world.nodes) {
    if (!process || !world.isServing(name)) continue
    const held = new Map<string, string>()
    const visible = new Map<string, string>()
    for (const entry of process.plane.core.table.entries()) {
      const { service, id } = keyOf(entry)
      // Of what is there only to be much, the digests say enough.
      if (service.startsWith(BULK)) continue
      held.set(`${service} ${id}`, textOf(entry.record))
      if (entry.isShown()) visible.set(`${service} ${id}`, effectiveStatus(entry.record))
    }
    records.set(name, held)
    shown.set(name, visible)
    sizes.set(name, process.plane.core.digest.records)
    roots.set(name, process.plane.core.digest.root.join())
    for (const link of process.replicator.ways.links.values()) {
      if (link.connected) outbox.set(`${name} ${link.node}`, link.outbox.size)
    }
  }
  return { records, shown, sizes, roots, outbox }
}

/** What all nodes must agree on; of what ended, only that and when. */
function textOf(record: InstanceRecord): string {
  const { life, content, override } = record
  const parts: (string | number | boolean)[] = []
  if (life) {
    parts.push(stamp(life.gen), stamp(life.ver), life.cancelled, life.evicted)
    parts.push(`${life.home.node}#${life.home.inc}`)
  }
  if (content && isLive(record)) parts.push(stamp(content.gen), stamp(content.cver))
  if (override) parts.push(stamp(override.over), String(override.value))
  return parts.join(' ')
}

function stamp({ at, by }: Stamp): string {
  return `${at}@${by.node}#${by.inc}`
}
