/**
 * What has to be written about a machine, from what its rows say and how it is seen.
 *
 *                    seen                         absent for deadAfterMs
 *        ┌──────── online ◀──────────────┐    online ────────▶ dead ────────▶ (removed)
 *        ▼                               │ seen                     removeAfterMs
 *     offline: the operator's word ──────┘
 *                          sleep is over
 *
 * Pure: time is an argument. Whether many machines may die at once is decided by `deathsAllowed`.
 *
 * @module
 */

import type { Resource } from '../catalog/index.ts'

export interface PresenceSettings {
  /** A machine that was absent for so long is dead. */
  readonly deadAfterMs: number
  /** One that was dead for so long is removed from every namespace; undefined: never. */
  readonly removeAfterMs: number | undefined
}

/** How a machine is seen: there; no longer heard, but kept by protection; or absent for so long. */
export type Sight =
  | { readonly kind: 'present' }
  | { readonly kind: 'held' }
  | { readonly kind: 'absent'; readonly forMs: number }

/** What to do with all rows of one machine. */
export type Verdict = 'keep' | 'revive' | 'wake' | 'die' | 'remove'

/** All rows of one hostname, as one. */
export interface MachineState {
  /** `mixed`: some rows say online, and some dead or nothing. `other`: a word that is not ours. */
  readonly status: 'online' | 'dead' | 'unknown' | 'mixed' | 'offline' | 'other'
  /** Epoch seconds at which an offline machine returns by itself. */
  readonly sleepUntilS: number | undefined
  /** Epoch seconds at which it was declared dead. */
  readonly deadSinceS: number | undefined
  /** Of its newest row. */
  readonly revision: number
}

/** In which properties of a machine its presence is kept. */
export const STATUS = 'status'
export const SLEEP = 'sleep'
/** Ours: the original has no time of death, and a registry that restarts must not forget it. */
export const DEAD_SINCE = 'deadSince'

const MS_PER_S = 1_000
const SECONDS = /^[1-9]\d{0,11}$/

/** Judges one machine. `wallMs`: epoch milliseconds. */
export function judge(
  state: MachineState,
  sight: Sight,
  { wallMs, deadAfterMs, removeAfterMs }: PresenceSettings & { readonly wallMs: number },
): Verdict {
  if (state.status === 'offline') {
    const { sleepUntilS } = state
    return sleepUntilS !== undefined && sleepUntilS * MS_PER_S <= wallMs ? 'wake' : 'keep'
  }
  if (state.status === 'other' || sight.kind === 'held') return 'keep'
  if (sight.kind === 'present') return state.status === 'online' ? 'keep' : 'revive'
  // Nobody ever said that it is there, so nothing has changed.
  if (state.status === 'unknown' || sight.forMs < deadAfterMs) return 'keep'
  if (state.status !== 'dead') return 'die'
  if (removeAfterMs === undefined) return 'keep'
  const deadForMs =
    state.deadSinceS === undefined
      ? sight.forMs - deadAfterMs
      : wallMs - state.deadSinceS * MS_PER_S
  return deadForMs >= removeAfterMs ? 'remove' : 'keep'
}

/** The properties that a verdict writes into every row; null takes one away. */
export function writtenBy(
  verdict: 'revive' | 'wake' | 'die',
  wallMs: number,
): Readonly<Record<string, string | null>> {
  if (verdict === 'die') {
    return { [STATUS]: 'dead', [DEAD_SINCE]: String(Math.floor(wallMs / MS_PER_S)) }
  }
  const online = { [STATUS]: 'online', [DEAD_SINCE]: null }
  return verdict === 'wake' ? { ...online, [SLEEP]: null } : online
}

/** Sums up the rows of one machine. An operator who speaks of one row speaks of the machine. */
export function stateOf(rows: readonly Resource[]): MachineState {
  const of = (name: string) => rows.map(({ properties }) => properties[name] ?? '')
  const statuses = new Set(of(STATUS))
  return {
    status: sumUp(statuses),
    sleepUntilS: latest(
      rows.flatMap(({ properties }) =>
        properties[STATUS] === 'offline' ? [secondsOf(properties[SLEEP])] : [],
      ),
    ),
    deadSinceS: latest(of(DEAD_SINCE).map(secondsOf)),
    revision: Math.max(0, ...rows.map(({ revision }) => revision)),
  }
}

function sumUp(statuses: ReadonlySet<string>): MachineState['status'] {
  if (statuses.has('offline')) return 'offline'
  const [first = ''] = statuses
  for (const status of statuses) if (!OURS.has(status)) return 'other'
  if (statuses.size > 1) return 'mixed'
  return first === 'online' || first === 'dead' ? first : 'unknown'
}

/** No status at all is ours to fill. */
const OURS: ReadonlySet<string> = new Set(['', 'online', 'dead'])

/** The latest of all, or undefined where one of them has no end. */
function latest(times: readonly (number | undefined)[]): number | undefined {
  let latest: number | undefined
  for (const time of times) {
    if (time === undefined) return undefined
    latest = Math.max(latest ?? 0, time)
  }
  return latest
}

function secondsOf(text = ''): number | undefined {
  return SECONDS.test(text) ? Number(text) : undefined
}
