/**
 * What a stored instance must be like so that the rest of the plane can rely on it.
 *
 * The writer asks as well as the reader: what would make the file damaged at the next start
 * never gets into it. Limits of size are left out on purpose, or a release that lowers one
 * would find every older file damaged.
 *
 * @module
 */

import type { InstanceKey } from '../../model/instance-key.ts'
import type { InstanceStatus } from '../../model/instance-status.ts'
import { LIMITS } from '../../model/limits.ts'
import { isName } from '../../model/names.ts'
import type { StoredInstance } from '../load.ts'
import { POLICY_ID, type Content, type Life, type ProtectionPolicy } from '../record.ts'
import type { Origin, Stamp } from '../stamp.ts'

const STATUSES: Readonly<Record<InstanceStatus, true>> = {
  up: true,
  starting: true,
  out_of_service: true,
  down: true,
}
const POLICIES: Readonly<Record<ProtectionPolicy, true>> = {
  protection_ended: true,
  protection_forbidden: true,
}

/** The last moment that a `Date` can show. */
const LAST_WALL_MS = 8_640_000_000_000_000

/**
 * Checks the instances of one file, one after the other. Neighbours share their service, and
 * all of them a few origins: what was found well once is not looked at again, which takes a
 * quarter off the time of a write.
 */
export class InstanceCheck {
  readonly #origins = new WeakSet<Origin>()
  #place: InstanceKey = { env: '', service: '', zone: '', id: '' }

  /**
   * Says whether this is a live instance or a policy, whole. Its fields may hold anything: the
   * types are what is asked about.
   */
  isSound({ key, record }: StoredInstance): boolean {
    const { life, content, override } = record
    if (!this.#isPlace(key)) return false
    if (override !== null && !this.#isStamp(override.over)) return false
    if (key.id === POLICY_ID) {
      return life === null && content === null && isOneOf(POLICIES, override?.value)
    }
    if (!isNamed(key.id) || life === null || content === null) return false
    return (
      this.#isLife(life) &&
      this.#isStamp(content.gen) &&
      this.#isStamp(content.cver) &&
      this.#isStamp(content.said) &&
      areFacts(content) &&
      (override === null || isOneOf(STATUSES, override.value))
    )
  }

  #isPlace(key: InstanceKey): boolean {
    const { env, service, zone } = this.#place
    if (key.env === env && key.service === service && key.zone === zone) return true
    if (!isNamed(key.env) || !isNamed(key.service) || !isNamed(key.zone)) return false
    this.#place = key
    return true
  }

  #isLife({ gen, ver, home, cancelled, evicted }: Life): boolean {
    if (cancelled || evicted) return false
    return this.#isStamp(gen) && this.#isStamp(ver) && this.#isOrigin(home)
  }

  #isStamp({ at, by }: Stamp): boolean {
    return Number.isSafeInteger(at) && at >= 0 && this.#isOrigin(by)
  }

  /** A node, or whoever writes the generations that clients bring. */
  #isOrigin(origin: Origin): boolean {
    if (this.#origins.has(origin)) return true
    const { node, inc } = origin
    if ((node !== '' && !isNamed(node)) || !Number.isSafeInteger(inc) || inc < 0) return false
    this.#origins.add(origin)
    return true
  }
}

function areFacts(content: Content): boolean {
  return (
    isWallTime(content.registeredAtMs) &&
    isWallTime(content.upSinceMs) &&
    isText(content.hostname) &&
    isTexts(content.addresses) &&
    isText(content.version) &&
    Number.isFinite(content.weight) &&
    content.weight >= 0 &&
    isTexts(content.tags) &&
    isMetadata(content.metadata) &&
    content.status !== null &&
    isOneOf(STATUSES, content.status) &&
    Number.isFinite(content.ttlMs) &&
    content.ttlMs >= LIMITS.ttlMinMs &&
    content.ttlMs <= LIMITS.ttlMaxMs
  )
}

function isWallTime(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= 0 && ms <= LAST_WALL_MS
}

/** Null, or one of the words; an array of one word would pass for it. */
function isOneOf(words: Readonly<Record<string, true>>, value: unknown): boolean {
  return value === null || (isText(value) && Object.hasOwn(words, value))
}

function isNamed(text: unknown): boolean {
  return isText(text) && isName(text)
}

function isText(text: unknown): text is string {
  return typeof text === 'string'
}

function isTexts(texts: unknown): boolean {
  return Array.isArray(texts) && texts.every(isText)
}

function isMetadata(metadata: unknown): boolean {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return false
  return Object.values(metadata).every(isText)
}
