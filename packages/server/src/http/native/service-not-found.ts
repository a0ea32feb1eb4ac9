/**
 * Says that a service is unknown, with what helps to find the mistake.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol'
import type { InstancePlane } from '../../instances/index.ts'
import type { ServiceKey } from '../../model/instance-key.ts'

/** `details` hold a token to wait with, and where else a service of that name is. */
export function serviceNotFound(
  instances: InstancePlane,
  key: ServiceKey,
  token: string,
): RegistryError {
  const elsewhere = instances.elsewhere(key)
  const hint =
    elsewhere.length > 0
      ? `it is in env "${elsewhere.map(({ env }) => env).join('", "')}"`
      : 'register an instance, or wait for one with "wait"'
  const message = `Service "${key.service}" is not known in env "${key.env}"; ${hint}.`
  return new RegistryError('service_not_found', message, { details: { token, elsewhere } })
}
