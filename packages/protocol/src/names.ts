/**
 * The grammar of names: services, envs, zones and instance ids.
 *
 * @module
 */

import { LIMITS } from './limits.ts'

/** `A-Z a-z 0-9 . _ - : /`, no `..`, no leading slash. As text, because schemas carry it. */
export const NAME_PATTERN = '^(?!/)(?!.*\\.\\.)[A-Za-z0-9._:/-]+$'

const NAME = new RegExp(NAME_PATTERN)

/** Says whether a text may name a service, env, zone or instance. */
export function isName(text: string): boolean {
  return text.length <= LIMITS.nameMaxLength && NAME.test(text)
}

/** Services under this prefix belong to the registry itself. */
export const RESERVED_PREFIX = 'infra.'
export const MACHINE_SERVICE = 'infra.machine'
export const DISCOVERY_SERVICE = 'infra.discovery'
