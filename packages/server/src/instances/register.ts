/**
 * A client says: I am here, and this is what I am.
 *
 * @module
 */

import { RegistryError } from '@rollcall/protocol/errors'
import type { InstanceRef } from '../model/instance-key.ts'
import { DISCOVERY_SERVICE, MACHINE_SERVICE, RESERVED_PREFIX } from '../model/vocabulary.ts'
import { watchDeadline } from './deadline.ts'
import { UNKNOWN, type Entry } from './entry.ts'
import { completeFacts, sameFacts, type FactsRequest } from './facts.ts'
import { resolve } from './find.ts'
import { checkSession, seniority, superseded } from './generation.ts'
import type { PlaneCore } from './plane-core.ts'
import {
  contentOf,
  isLive,
  isPatched,
  type Content,
  type Facts,
  type Life,
  type LiveRecord,
} from './record.ts'
import { renewEntry } from './renew.ts'
import { generationOf, type Stamp } from './stamp.ts'

export interface RegisterRequest {
  readonly ref: InstanceRef
  readonly facts: FactsRequest
  /** Epoch milliseconds of the client process's start. */
  readonly session?: number | undefined
}

/** `created`: a new life; `changed`: other content; `renewed`: nothing new, so nobody was woken. */
export type RegisterOutcome = 'created' | 'changed' | 'renewed'

/**
 * Registers, replaces or renews. Throws `invalid_argument`, `limit_exceeded`, `ambiguous_zone`,
 * `forbidden` for a reserved name, and `superseded` when a newer process holds the instance.
 */
export function register(core: PlaneCore, request: RegisterRequest) {
  const { ref, session } = request
  const { clock, limits, metrics } = core.options
  checkName(ref)
  const nowMs = core.time.nowMs()
  checkSession(session, clock.wallMs())
  const facts = completeFacts(request.facts, limits.defaultTtlMs)
  const key = resolve(core, ref)
  const known = core.table.find(key)?.record.life ?? null
  const standing = seniority(session, known)
  if (known && (standing === 'older' || (standing === 'same' && known.cancelled))) {
    metrics.registered('superseded')
    throw superseded(known.gen)
  }
  const entry = core.takeForLife(key)
  const gen = session !== undefined ? generationOf(session) : undefined
  const outcome = admit(core, { entry, facts, gen, newer: standing === 'newer', nowMs })
  metrics.registered(outcome)
  return { outcome, entry }
}

/** Registers the node itself: under a reserved name, and never to lapse. */
export function registerSelf(core: PlaneCore, facts: FactsRequest): void {
  const { env, zone, node } = core.options
  const key = { env, zone, service: DISCOVERY_SERVICE, id: node }
  const complete = completeFacts(facts, core.options.limits.defaultTtlMs)
  const entry = core.takeForLife(key)
  const nowMs = core.time.nowMs()
  admit(core, { entry, facts: complete, gen: undefined, newer: false, nowMs })
  // Found as an earlier life of ours left it.
  if (!core.isHome(entry)) core.adopt(entry)
  entry.hideAtMs = UNKNOWN
  core.wheel.cancel(entry)
  if (entry.hidden) core.reveal(entry, nowMs)
}

interface Admission {
  readonly entry: Entry
  readonly facts: Facts
  readonly gen: Stamp | undefined
  /** The client said that it is a newer process than the one on record. */
  readonly newer: boolean
  readonly nowMs: number
}

function admit(core: PlaneCore, admission: Admission): RegisterOutcome {
  const { entry, facts, newer, nowMs } = admission
  const { record } = entry
  if (!isLive(record)) {
    beginLife(core, admission)
    return 'created'
  }
  // What an operator made of its words the client now says itself: that is news of it.
  if (!newer && !isPatched(record.content) && sameFacts(record.content, facts)) {
    renewEntry(core, entry, nowMs)
    return 'renewed'
  }
  replaceContent(core, admission, record)
  return 'changed'
}

function beginLife(core: PlaneCore, { entry, facts, gen, nowMs }: Admission): void {
  const { life, content } = entry.record
  const wallMs = core.options.clock.wallMs()
  const stamp = core.stamps.next(life?.gen, life?.ver, content?.cver)
  const upSinceMs = facts.status === 'up' ? wallMs : 0
  core.wheel.cancel(entry)
  entry.hidden = false
  entry.hideAtMs = UNKNOWN
  entry.bornAtMs = nowMs
  core.write(
    entry,
    {
      life: newLife(core, gen ?? stamp, stamp),
      content: contentOf(facts, {
        gen: gen ?? stamp,
        cver: stamp,
        said: stamp,
        registeredAtMs: wallMs,
        upSinceMs,
      }),
    },
    { event: 'registered' },
  )
  keepAlive(core, entry, nowMs)
}

function replaceContent(core: PlaneCore, admission: Admission, record: LiveRecord): void {
  const { entry, facts, newer, nowMs } = admission
  const { life, content } = record
  const gen = (newer ? admission.gen : undefined) ?? life.gen
  const stamp = core.stamps.next(life.ver, content.cver, newer ? undefined : life.gen)
  const wasHidden = entry.hidden
  const wallMs = core.options.clock.wallMs()
  core.write(
    entry,
    {
      life: newLife(core, gen, stamp),
      content: contentOf(facts, {
        gen,
        cver: stamp,
        said: stamp,
        ...carriedOver(admission, content, wallMs),
      }),
    },
    { event: newer ? 'replaced' : 'content_set' },
  )
  entry.service.losses?.fit(facts.ttlMs, nowMs)
  entry.hideAtMs = UNKNOWN
  if (wasHidden) core.reveal(entry, nowMs)
  keepAlive(core, entry, nowMs)
}

/** What one life keeps through its registrations: when it began, and since when it is up. */
function carriedOver(
  { facts, newer }: Admission,
  before: Content,
  wallMs: number,
): Pick<Content, 'registeredAtMs' | 'upSinceMs'> {
  if (newer) return { registeredAtMs: wallMs, upSinceMs: facts.status === 'up' ? wallMs : 0 }
  const becomesUp = facts.status === 'up' && before.status !== 'up'
  return {
    registeredAtMs: before.registeredAtMs,
    upSinceMs: becomesUp ? wallMs : before.upSinceMs,
  }
}

function newLife(core: PlaneCore, gen: Stamp, ver: Stamp): Life {
  return { gen, cancelled: false, ver, evicted: false, home: core.stamps.origin, tombAtMs: 0 }
}

function keepAlive(core: PlaneCore, entry: Entry, nowMs: number): void {
  core.neighbours.forget(entry)
  core.renewed(entry, nowMs)
  watchDeadline(core, entry)
}

/** Names under `infra.` are the registry's own, but for machines, which agents register. */
export function checkName({ service }: Pick<InstanceRef, 'service'>): void {
  if (!service.startsWith(RESERVED_PREFIX) || service === MACHINE_SERVICE) return
  const message = `Names under "${RESERVED_PREFIX}" belong to the registry itself; choose another than "${service}".`
  throw new RegistryError('forbidden', message, { details: { service } })
}
