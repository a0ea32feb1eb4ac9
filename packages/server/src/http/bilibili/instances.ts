/**
 * Between our instances and this protocol's: names of fields, statuses, times.
 *
 * @module
 */

import { invalidArgument, LIMITS } from '@rollcall/protocol'
import {
  effectiveStatus,
  type FactsRequest,
  type InstancePlane,
  type ShownInstance,
} from '../../instances/index.ts'
import type { InstanceStatus } from '../../model/instance-status.ts'
import { lastChangeOf, timesOf, type Seen } from '../nanoseconds.ts'
import { encodeWide } from '../wide-json.ts'
import type { Parameters } from './parameters.ts'

/** Bits, so that a reader can ask for both. */
export const UP = 1
export const WAITING = 2

/** A region is nothing to us, and is kept as a tag of this form. */
const REGION_TAG = 'region='
const WEIGHT = /^\d{1,7}$/

/** As what an instance is shown, where that is not what it is. */
export interface ShownAs {
  readonly env?: string | undefined
  readonly zone?: string | undefined
}

/** The status bit of an instance. */
export function statusOf({ record }: ShownInstance): number {
  return effectiveStatus(record) === 'up' ? UP : WAITING
}

/** The status that a client names. Throws `invalid_argument` for any but 1 and 2. */
export function parseStatus(text: string): InstanceStatus {
  if (text === '1') return 'up'
  if (text === '2') return 'starting'
  throw invalidArgument('status must be 1 or 2.', { field: 'status' })
}

/** JSON of one instance. */
export function encodeInstance(shown: ShownInstance, seen: Seen, as: ShownAs = {}): string {
  const { service, zone, id, record } = shown
  const { addresses, version, metadata, tags } = record.content
  const region = tags.find((tag) => tag.startsWith(REGION_TAG))?.slice(REGION_TAG.length) ?? ''
  return encodeWide({
    region,
    zone: as.zone ?? zone,
    env: as.env ?? service.env,
    appid: service.name,
    hostname: id,
    addrs: addresses,
    version,
    metadata,
    status: statusOf(shown),
    ...timesOf(shown, seen),
  })
}

/** JSON of one instance as it is now. */
export function encodeNow(instances: InstancePlane, shown: ShownInstance): string {
  const { service, zone, id } = shown
  const key = { env: service.env, service: service.name }
  const { lastRenewedAtMs } = instances.instance({ ...key, zone, id })
  const latest = lastChangeOf(instances.snapshot(key))
  return encodeInstance(shown, { latest, renewedAtMs: lastRenewedAtMs })
}

/** What a registration says of the instance. Throws `invalid_argument`. */
export function readFacts(parameters: Parameters): FactsRequest {
  const addresses = parameters.list('addrs')
  if (addresses.length === 0) throw invalidArgument('addrs is missing.', { field: 'addrs' })
  const metadata = parseMetadata(parameters.text('metadata'))
  const region = parameters.text('region')
  return {
    addresses,
    status: parseStatus(parameters.text('status')),
    version: parameters.shortText('version', LIMITS.versionMaxLength),
    metadata,
    weight: weightIn(metadata),
    tags: region === '' ? [] : [`${REGION_TAG}${region}`],
  }
}

/** Reads metadata: an object as JSON text, whose values become text. Throws `invalid_argument`. */
export function parseMetadata(text: string): Readonly<Record<string, string>> {
  if (text === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw invalidArgument('metadata must be a JSON object as text.', { field: 'metadata' })
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, asText(part)]))
}

/** The weight that metadata names, where it names a whole one that we can keep. */
export function weightIn({ weight = '' }: Readonly<Record<string, string>>): number | undefined {
  return WEIGHT.test(weight) && Number(weight) <= LIMITS.weightMax ? Number(weight) : undefined
}

function asText(value: unknown): string {
  if (value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
