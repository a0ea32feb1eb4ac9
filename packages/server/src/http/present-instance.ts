/**
 * From what the plane holds to what travels.
 *
 * @module
 */

import type { Instance, Protected } from '@rollcall/protocol'
import {
  effectiveStatus,
  statusOverride,
  type ProtectionState,
  type ShownInstance,
} from '../instances/index.ts'

/** An instance as the native API shows it. `lastRenewedAtMs` where the node knows it and the call is about it. */
export function presentInstance(shown: ShownInstance, lastRenewedAtMs?: number): Instance {
  const { service, zone, id, record, revision, heldSinceMs } = shown
  const { content, life } = record
  const override = statusOverride(record)
  return {
    service: service.name,
    env: service.env,
    zone,
    id,
    hostname: content.hostname,
    addresses: [...content.addresses],
    version: content.version,
    weight: content.weight,
    tags: [...content.tags],
    metadata: content.metadata,
    status: effectiveStatus(record),
    ...(override !== undefined && { statusOverride: override }),
    ttlMs: content.ttlMs,
    registeredAt: content.registeredAtMs,
    upSince: content.upSinceMs,
    home: life.home.node,
    contentVersion: content.cver.at,
    revision,
    ...(heldSinceMs > 0 && { heldSince: heldSinceMs }),
    ...(lastRenewedAtMs !== undefined && { lastRenewedAt: lastRenewedAtMs }),
  }
}

export function presentProtection(state: ProtectionState | null): Protected {
  if (state === null) return null
  const { reason, sinceMs, held, endsAtMs } = state
  return { reason, since: sinceMs, held, endsAt: endsAtMs }
}
