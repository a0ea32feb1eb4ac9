/**
 * An operator decides something over a client's head.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { InstanceRef, ServiceKey } from '../model/instance-key.ts'
import type { InstanceStatus } from '../model/instance-status.ts'
import type { ProtectionAction } from '../model/vocabulary.ts'
import type { Entry } from './entry.ts'
import { checkMetadata, sameFacts } from './facts.ts'
import { find, instanceNotFound } from './find.ts'
import type { ChangeNote, PlaneCore } from './plane-core.ts'
import {
  EMPTY_RECORD,
  POLICY_ID,
  contentOf,
  type Content,
  type InstanceRecord,
  type LiveRecord,
  type Override,
} from './record.ts'
import { checkName } from './register.ts'

/** A merge patch (RFC 7396): absent leaves alone, null lifts or deletes. */
export interface Patch {
  readonly statusOverride?: InstanceStatus | null
  readonly metadata?: Readonly<Record<string, string | null>> | null
  readonly weight?: number | null
}

/** Applies a patch whole or not at all. Throws `instance_not_found`, `limit_exceeded`, `forbidden`. */
export function set(core: PlaneCore, ref: InstanceRef, patch: Patch): Entry {
  checkName(ref)
  const entry = find(core, ref)
  // Hidden is not there for whoever asks: a refusal must have changed nothing.
  if (entry?.isShown() !== true) throw instanceNotFound(ref)
  const content = patchedContent(core, entry.record, patch)
  const override = patchedOverride(core, entry.record, patch.statusOverride)
  if (!content && !override) return entry
  core.write(entry, { ...(content && { content }), ...(override && { override }) })
  if (content) core.remember(entry, { event: 'content_set', detail: 'by an operator' })
  if (override) core.remember(entry, overrideNote(override))
  return entry
}

/** Ends what protection holds now, forbids it for a service from now on, or lifts that. */
export function protect(core: PlaneCore, key: ServiceKey, action: ProtectionAction): void {
  checkName(key)
  const service = core.table.service(key)
  if (!service) {
    const message = `Service "${key.service}" is not known in env "${key.env}"; nothing of it is protected.`
    throw new RegistryError('service_not_found', message, { details: { ...key } })
  }
  const policy = { ...key, zone: core.options.zone, id: POLICY_ID }
  const known = service.get(policy.zone, POLICY_ID)?.record ?? EMPTY_RECORD
  const override = patchedOverride(core, known, VALUES[action])
  if (!override) return
  core.write(core.table.take(policy, core.feed.revision), { override }, overrideNote(override))
}

const VALUES = {
  end: 'protection_ended',
  forbid: 'protection_forbidden',
  allow: null,
} as const

/** The override to write; undefined where it stands already. Ending says "now", so again is news. */
function patchedOverride(
  core: PlaneCore,
  { override }: InstanceRecord,
  value: Override['value'] | undefined,
): Override | undefined {
  if (value === undefined) return undefined
  const isSame = (override?.value ?? null) === value && value !== 'protection_ended'
  return isSame ? undefined : { over: core.stamps.next(override?.over), value }
}

function overrideNote({ value }: Override): ChangeNote {
  return value === null ? { event: 'override_lifted' } : { event: 'override_set', detail: value }
}

/** The content to write; undefined where the patch changes none of it. Throws `limit_exceeded`. */
function patchedContent(
  core: PlaneCore,
  { content }: LiveRecord,
  patch: Patch,
): Content | undefined {
  const metadata = patchedMetadata(content, patch)
  checkMetadata(metadata)
  const weight = patch.weight === undefined ? content.weight : (patch.weight ?? 1)
  const facts = { ...content, metadata, weight }
  if (sameFacts(facts, content)) return undefined
  return contentOf(facts, { ...content, cver: core.stamps.next(content.cver) })
}

function patchedMetadata({ metadata: before }: Content, { metadata }: Patch): Content['metadata'] {
  if (metadata === undefined) return before
  if (metadata === null) return {}
  const merged: Record<string, string> = { ...before }
  for (const [key, value] of Object.entries(metadata)) {
    if (value === null) delete merged[key]
    else merged[key] = value
  }
  return merged
}
