/**
 * The list of services, page by page.
 *
 * @module
 */

import {
  LIMITS,
  invalidArgument,
  isName,
  limitExceeded,
  type ServiceList,
} from '@rollcall/protocol'
import type { InstancePlane, ServiceSummary } from '../../instances/index.ts'
import type { ServiceKey } from '../../model/instance-key.ts'
import { presentProtection } from '../present-instance.ts'

export interface PageQuery {
  readonly env?: string | undefined
  readonly prefix?: string | undefined
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

/** One page; `next` goes on where it ends. Throws `invalid_argument`, `limit_exceeded`. */
export function pageOf(instances: InstancePlane, query: PageQuery, pageMax: number): ServiceList {
  const { prefix, limit = Math.min(LIMITS.pageDefault, pageMax), cursor } = query
  if (limit > pageMax) throw limitExceeded('page size', pageMax, limit)
  const env = query.env === '*' ? undefined : (query.env ?? instances.place.env)
  if (env !== undefined && !isName(env)) throw invalidArgument(`"${env}" is no name of an env.`)
  const after = cursor === undefined ? undefined : parseCursor(cursor, env)
  const services: ServiceList['services'] = []
  for (const summary of instances.list({ env, prefix, after })) {
    const last = services.at(-1)
    if (services.length === limit && last) return { services, next: formatCursor(last) }
    services.push(present(summary))
  }
  return { services, next: null }
}

function present(summary: ServiceSummary): ServiceList['services'][number] {
  const { service, env, instanceCount, upCount, zones, revision } = summary
  return {
    service,
    env,
    instanceCount,
    upCount,
    zones: Object.fromEntries(zones),
    revision,
    protected: presentProtection(summary.protected),
  }
}

/** A cursor names the last service of the page before; clients hand it back unread. */
function formatCursor({ env, service }: ServiceKey): string {
  return Buffer.from(`${env} ${service}`).toString('base64url')
}

function parseCursor(cursor: string, listedEnv: string | undefined): ServiceKey {
  const [env = '', service = '', ...rest] = Buffer.from(cursor, 'base64url').toString().split(' ')
  const isOurs = isName(env) && isName(service) && rest.length === 0
  if (!isOurs || (listedEnv !== undefined && env !== listedEnv)) {
    const message = 'cursor is not one that this API gave out for this list; start without it.'
    throw invalidArgument(message, { field: 'cursor' })
  }
  return { env, service }
}
