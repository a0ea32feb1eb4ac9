/**
 * A client says: I am still here. The hot path: one look-up, one move in the wheel.
 *
 * @module
 */

import type { InstanceRef } from '../model/instance-key.ts'
import { REFRESH_MS } from './constants.ts'
import { claim, isStale, refresh, watchDeadline } from './deadline.ts'
import type { Entry } from './entry.ts'
import { find } from './find.ts'
import { checkSession, seniority } from './generation.ts'
import type { PlaneCore } from './plane-core.ts'
import { isLive, type Content } from './record.ts'

/** What a client may know about itself. */
export interface Evidence {
  readonly session?: number | undefined
  /** The content version that it last got. */
  readonly content?: number | undefined
}

export type Renewal =
  | { readonly outcome: 'renewed'; readonly entry: Entry }
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'superseded'; readonly entry: Entry }

const MISSING: Renewal = { outcome: 'missing' }

/** Moves the deadline on, or says why not. Throws `ambiguous_zone`. */
export function renew(core: PlaneCore, ref: InstanceRef, evidence: Evidence): Renewal {
  const nowMs = core.time.nowMs()
  checkSession(evidence.session, core.options.clock.wallMs())
  const renewal = renewFound(core, find(core, ref), { evidence, nowMs })
  core.options.metrics.renewed(renewal.outcome, 1)
  return renewal
}

/** Renews what lives, and answers its entry; for what does not it does nothing, and counts nothing. */
export function renewLive(core: PlaneCore, ref: InstanceRef): Entry | undefined {
  const nowMs = core.time.nowMs()
  const entry = find(core, ref)
  if (!entry || !isLive(entry.record)) return undefined
  renewEntry(core, entry, nowMs)
  core.options.metrics.renewed('renewed', 1)
  return entry
}

/**
 * Renews many, or none: what is wrong with one of them is said before any deadline moves.
 * Answers in the order of the request.
 */
export function renewMany(
  core: PlaneCore,
  items: readonly (InstanceRef & Evidence)[],
): readonly Renewal[] {
  const nowMs = core.time.nowMs()
  const wallMs = core.options.clock.wallMs()
  for (const { session } of items) checkSession(session, wallMs)
  const entries = items.map((item) => find(core, item))
  const counts = { renewed: 0, missing: 0, superseded: 0 }
  const renewals = items.map((evidence, at) => {
    const renewal = renewFound(core, entries[at], { evidence, nowMs })
    counts[renewal.outcome] += 1
    return renewal
  })
  for (const outcome of OUTCOMES) core.options.metrics.renewed(outcome, counts[outcome])
  return renewals
}

const OUTCOMES = ['renewed', 'missing', 'superseded'] as const

function renewFound(
  core: PlaneCore,
  entry: Entry | undefined,
  { evidence, nowMs }: { readonly evidence: Evidence; readonly nowMs: number },
): Renewal {
  const renewal = entry ? judge(entry, evidence) : MISSING
  if (renewal.outcome === 'renewed') renewEntry(core, renewal.entry, nowMs)
  return renewal
}

function judge(entry: Entry, { session, content }: Evidence): Renewal {
  const { record } = entry
  const standing = seniority(session, record.life)
  if (standing === 'older') return { outcome: 'superseded', entry }
  if (standing === 'newer' || !isLive(record)) return MISSING
  if (content !== undefined && !isItsWord(record.content, content, standing === 'same')) {
    return MISSING
  }
  return { outcome: 'renewed', entry }
}

/**
 * Whether what is known here is what the client said last, with an operator's patch or without;
 * else it must say it again. A later word of it may have gone to another node; and of two that
 * went to nodes whose clocks differ, or of one and a patch elsewhere, the earlier may have won.
 * Only a client that names its session knows that no other process has spoken meanwhile.
 */
function isItsWord({ cver, said }: Content, named: number, isSameProcess: boolean): boolean {
  if (named === said.at || named === cver.at) return true
  return named < said.at && !isSameProcess
}

/** Takes a renewal of a live entry: as home, on its way there, or by becoming it. */
export function renewEntry(core: PlaneCore, entry: Entry, nowMs: number): void {
  const { record } = entry
  if (!isLive(record) || !core.isJudged(entry)) return
  core.renewed(entry, nowMs)
  if (entry.home?.standing === 'own') {
    core.wheel.schedule(entry, nowMs + record.content.ttlMs)
    if (isStale(core, record)) refresh(core, entry)
    else if (record.content.ttlMs > REFRESH_MS) watchDeadline(core, entry)
  } else if (!core.neighbours.forward(entry, nowMs)) {
    claim(core, entry)
  }
}
