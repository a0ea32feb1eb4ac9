/**
 * One look at all machines of the tree: what has to be written about which.
 *
 * @module
 */

import {
  HOSTNAME,
  MACHINE,
  type Machines,
  type Resource,
  type Resources,
} from '../catalog/index.ts'
import type { Absences } from './machine-presence-absences.ts'
import { DEATHS_WINDOW_MS, deathsAllowed } from './machine-presence-bound.ts'
import {
  judge,
  stateOf,
  type MachineState,
  type PresenceSettings,
  type Sight,
  type Verdict,
} from './machine-presence-judgement.ts'
import type { Sightings } from './machine-presence-sightings.ts'

/** What the bridge reads of the catalog, and writes. */
export interface MachineCatalog {
  readonly resources: Pick<Resources, 'list'>
  readonly machines: Pick<Machines, 'find' | 'register' | 'merge' | 'remove'>
}

/** What has to be written about one machine, whose rows are as of `revision`. */
export interface Task {
  readonly hostname: string
  readonly verdict: Exclude<Verdict, 'keep'>
  readonly revision: number
}

export interface Review {
  readonly tasks: readonly Task[]
  /** Machines that would be dead if not so many were. */
  readonly heldBack: number
}

export interface ReviewOptions {
  readonly catalog: MachineCatalog
  readonly sightings: Sightings
  readonly absences: Absences
  readonly settings: PresenceSettings
  readonly wallMs: number
  /** Lets others have their turn; answers false when it is time to stop. */
  readonly breathe: () => Promise<boolean>
}

/** A few milliseconds of work. */
const PAGE = 250

/** Reviews every machine, a page at a time. Undefined when it was told to stop. */
export async function reviewAll(options: ReviewOptions): Promise<Review | undefined> {
  const { catalog, absences, breathe } = options
  const hostnames = new Set<string>()
  const dying: (Task & { readonly absentMs: number })[] = []
  const tasks: Task[] = []
  const fleet = { online: 0, diedLately: 0 }
  let after: string | undefined
  do {
    const page = catalog.resources.list({ type: MACHINE, ns: '', after, limit: PAGE })
    for (const { properties } of page.resources) {
      const hostname = properties[HOSTNAME] ?? ''
      if (hostname === '' || hostnames.has(hostname)) continue
      hostnames.add(hostname)
      const { state, sight, verdict } = review(hostname, catalog.machines.find(hostname), options)
      if (isOnline(state)) fleet.online += 1
      else if (hasDiedLately(state, options.wallMs)) fleet.diedLately += 1
      if (verdict === 'keep') continue
      const task = { hostname, verdict, revision: state.revision }
      if (verdict !== 'die' || sight.kind !== 'absent') tasks.push(task)
      else dying.push({ ...task, absentMs: sight.forMs })
    }
    after = page.next
    if (!(await breathe())) return undefined
  } while (after !== undefined)
  absences.keep(hostnames)
  const allowed = dying.sort(longestAbsentFirst).slice(0, deathsAllowed(fleet))
  return { tasks: [...tasks, ...allowed], heldBack: dying.length - allowed.length }
}

/** What has to be written about one machine that has just been seen, if anything. */
export function reviewSeen(
  hostname: string,
  rows: readonly Resource[],
  options: Omit<ReviewOptions, 'catalog' | 'breathe'>,
): Task | undefined {
  const { verdict, state } = review(hostname, rows, options)
  return verdict === 'keep' || verdict === 'die'
    ? undefined
    : { hostname, verdict, revision: state.revision }
}

function review(
  hostname: string,
  rows: readonly Resource[],
  options: Omit<ReviewOptions, 'catalog' | 'breathe'>,
): { readonly state: MachineState; readonly sight: Sight; readonly verdict: Verdict } {
  const { settings, wallMs } = options
  const state = stateOf(rows)
  const sight = sightOf(hostname, options)
  return { state, sight, verdict: judge(state, sight, { ...settings, wallMs }) }
}

function sightOf(
  hostname: string,
  { sightings, absences }: Pick<ReviewOptions, 'sightings' | 'absences'>,
): Sight {
  const sighting = sightings.of(hostname)
  if (!sighting) return { kind: 'absent', forMs: absences.absent(hostname) }
  if (sighting.isHeld) {
    // It is not heard, and nobody knows since when: when it leaves, it has its grace.
    absences.forget(hostname)
    return { kind: 'held' }
  }
  absences.present(hostname)
  return { kind: 'present' }
}

function isOnline({ status }: MachineState): boolean {
  return status === 'online' || status === 'mixed'
}

function hasDiedLately({ status, deadSinceS }: MachineState, wallMs: number): boolean {
  if (status !== 'dead' || deadSinceS === undefined) return false
  return wallMs - deadSinceS * 1_000 < DEATHS_WINDOW_MS
}

/** By name where it is the same, so that all nodes choose the same ones. */
function longestAbsentFirst(
  left: { readonly absentMs: number; readonly hostname: string },
  right: { readonly absentMs: number; readonly hostname: string },
): number {
  return right.absentMs - left.absentMs || (left.hostname < right.hostname ? -1 : 1)
}
