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
  const { env, service, id } = ref
  const zone = ref.zone ?? find(core, ref)?.zone ?? core.options.zone
  return { env, service, id, zone }
}

/** Finds the entry that a reference means, whether it lives or not. */
export function find(core: PlaneCore, ref: InstanceRef): Entry | undefined {
  const { id, zone } = ref
  const service = core.table.service(ref)
  if (zone !== undefined || !service) return service?.get(zone ?? core.options.zone, id)
  const only = service.onlyZone(id)
  if (only && isLive(only.record)) return only
  const live = service.withId(id).filter(({ record }) => isLive(record))
  if (live.length > 1) throw ambiguousZone(ref, live.map((entry) => entry.zone).sort())
  return live[0] ?? service.get(core.options.zone, id)
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
