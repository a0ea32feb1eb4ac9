/**
 * Where each call goes: paths and queries of the native API.
 *
 * @module
 */

import { API_BASE, type InstanceStatus } from '@rollcall/protocol'

/** A place among envs and zones; what is absent is the node's own. */
export interface Where {
  readonly env?: string
  readonly zone?: string
}

/** Names one instance. */
export interface InstanceAt extends Where {
  readonly service: string
  readonly id: string
}

/** Narrows a list or a watch to the instances that have all of these. */
export interface Filters {
  readonly zone?: string
  readonly status?: InstanceStatus
  readonly tag?: string
  readonly version?: string
  /** Pairs that must all be there. */
  readonly metadata?: Readonly<Record<string, string>>
}

/** What a query parameter may be; undefined leaves it out, a list repeats it. */
export type QueryValue = string | number | readonly string[] | undefined

export type Query = Readonly<Record<string, QueryValue>>

/** Puts a query behind a path. */
export function withQuery(path: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    valuesOf(value).map((each) => `${encodeURIComponent(name)}=${encodeURIComponent(each)}`),
  )
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}

/** A path of which only the parts are encoded. */
export function pathWithSlashes(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/** The path of one service. */
export function servicePath(service: string): string {
  return `${API_BASE}/services/${encodeURIComponent(service)}`
}

/** The path of one instance. */
export function instancePath({ service, id }: Pick<InstanceAt, 'service' | 'id'>): string {
  return `${servicePath(service)}/instances/${encodeURIComponent(id)}`
}

/** The path of one member of the cluster. */
export function memberPath(id: string): string {
  return `${API_BASE}/cluster/members/${encodeURIComponent(id)}`
}

/** Filters as query parameters; metadata pairs become `metadata.<key>=<value>`. */
export function filterQuery({ zone, status, tag, version, metadata = {} }: Filters): Query {
  const query: Record<string, QueryValue> = { zone, status, tag, version }
  for (const [key, value] of Object.entries(metadata)) query[`metadata.${key}`] = value
  return query
}

function valuesOf(value: QueryValue): readonly string[] {
  if (value === undefined) return []
  if (typeof value === 'string') return [value]
  return typeof value === 'number' ? [String(value)] : value
}
