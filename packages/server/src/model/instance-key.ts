/**
 * How instances and services are named.
 *
 * @module
 */

/** Names one instance in the whole registry. */
export interface InstanceKey {
  readonly env: string
  readonly service: string
  readonly zone: string
  readonly id: string
}

/** Names an instance as callers do: without a zone, the only one in which it lives is meant. */
export interface InstanceRef {
  readonly env: string
  readonly service: string
  readonly zone?: string | undefined
  readonly id: string
}

/** Names one service of one env; zones share it. */
export interface ServiceKey {
  readonly env: string
  readonly service: string
}

/** One text per service key, for maps. A space is in no name, so two keys never meet. */
export function serviceKeyText({ env, service }: ServiceKey): string {
  return `${env} ${service}`
}
