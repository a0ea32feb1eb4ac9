/**
 * From what callers name to what the table holds.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { InstanceKey, InstanceRef } from '../model/instance-key.ts'
import type { Entry } from './entry.ts'
import type { PlaneCore } from './plane-core.ts'
import { isLive } from './record.ts'

/**
 * Completes a reference: without a zone it means the only one in which the instance lives,
 * or the node's own where it lives in none. Throws `ambiguous_zone` where it lives in several.
 */
export function resolve(core: PlaneCore, ref: InstanceRef): InstanceKey {
  const { env, service, id, zone } = ref
  if (zone !== undefined) return { env, service, id, zone }
  const entries = core.table.service(ref)?.withId(id) ?? []
  const zones = entries.filter(({ record }) => isLive(record)).map((entry) => entry.zone)
  if (zones.length > 1) throw ambiguousZone(ref, zones.sort())
  return { env, service, id, zone: zones[0] ?? core.options.zone }
}

/** Finds the entry that a reference means, whether it lives or not. */
export function find(core: PlaneCore, ref: InstanceRef): Entry | undefined {
  return core.table.find(resolve(core, ref))
}

export function instanceNotFound({ service, env, zone, id }: InstanceRef): RegistryError {
  const where = zone === undefined ? `env "${env}"` : `env "${env}", zone "${zone}"`
  const message = `Service "${service}" has no instance "${id}" in ${where}; register it, or ask /explain why it is gone.`
  const details = zone === undefined ? { service, env, id } : { service, env, zone, id }
  return new RegistryError('instance_not_found', message, { details })
}

function ambiguousZone({ service, env, id }: InstanceRef, zones: string[]): RegistryError {
  const message = `Instance "${id}" of "${service}" lives in several zones of env "${env}"; say which with "zone".`
  return new RegistryError('ambiguous_zone', message, { details: { service, env, id, zones } })
}
