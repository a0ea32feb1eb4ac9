/**
 * A client says: I am gone. Nothing of the same generation brings it back.
 *
 * @module
 */

import type { InstanceRef } from '../model/instance-key.ts'
import { UNKNOWN, type Entry } from './entry.ts'
import { instanceNotFound, resolve } from './find.ts'
import { checkSession, seniority } from './generation.ts'
import type { PlaneCore } from './plane-core.ts'
import type { Life } from './record.ts'
import { checkName } from './register.ts'
import { generationOf, type Stamp } from './stamp.ts'

/**
 * Cancels. A client with an older session changes nothing and is not told; one that names a
 * session of which nothing is known yet leaves a tombstone for it, so that its own late
 * registration is refused. Throws `instance_not_found`, `ambiguous_zone`, `forbidden`.
 */
export function cancel(core: PlaneCore, ref: InstanceRef, session?: number): void {
  checkName(ref)
  const nowMs = core.time.nowMs()
  checkSession(session, core.options.clock.wallMs())
  const key = resolve(core, ref)
  const entry = core.table.find(key)
  const life = entry?.record.life ?? null
  const standing = seniority(session, life)
  if (standing === 'older') return
  if (session !== undefined && standing === 'newer') {
    const gen = generationOf(session)
    end(core, entry ?? core.table.take(key, core.feed.revision), { life, gen, nowMs })
    if (!life) throw instanceNotFound(key)
    return
  }
  if (!entry || !life || life.cancelled) throw instanceNotFound(key)
  end(core, entry, { life, gen: life.gen, nowMs })
}

interface Ending {
  readonly life: Life | null
  readonly gen: Stamp
  readonly nowMs: number
}

function end(core: PlaneCore, entry: Entry, { life, gen, nowMs }: Ending): void {
  const tomb: Life = {
    gen,
    cancelled: true,
    ver: core.stamps.next(life?.ver),
    evicted: false,
    home: life?.home ?? core.stamps.origin,
    tombAtMs: core.options.clock.wallMs(),
  }
  core.write(entry, { life: tomb }, { event: 'cancelled', reason: 'cancelled' })
  core.neighbours.forget(entry)
  entry.hidden = false
  entry.hideAtMs = UNKNOWN
  core.bury(entry, nowMs)
  core.options.metrics.cancelled()
}
