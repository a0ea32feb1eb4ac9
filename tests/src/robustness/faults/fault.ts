/**
 * The faults: what each does to a cluster, and how it is undone.
 *
 * @module
 */

import { systemClock, type Random } from '@rollcall/runtime'
import { MEMBERS, type Cluster } from './cluster.ts'

/** Longer than an election, which takes a second or two; some longer than the ttl of leases. */
const LASTS_MIN_MS = 800
const LASTS_MORE_MS = 5_000
/** So often a fault outlasts the ten seconds in which a node finds out what became of a write. */
const LONG_RATIO = 0.15
const LONG_MS = 11_000
const HANG_UP_EVERY_MS = 400
/** So often it hits the member that leads. */
const LEADER_RATIO = 0.6

export const FAULTS = [
  'kill member',
  'stop member',
  'isolate member',
  'part member',
  'kill two members',
  'stop two members',
  'cut off node',
  'kill node',
  'hang up on clients',
] as const
export type FaultKind = (typeof FAULTS)[number]

/** What will be done. */
export interface Plan {
  readonly kind: FaultKind
  readonly lastsMs: number
  readonly hitsLeader: boolean
  /** Decides whom it hits otherwise. */
  readonly dice: number
}

/** What was done. Times are monotonic milliseconds. */
export interface Fault {
  readonly kind: FaultKind
  /** Members that stood still, and came back with what they had in mind. */
  readonly stopped: readonly number[]
  /** Who led when it began, if that is known. */
  readonly leader: number | undefined
  /** And just before it was undone. */
  readonly nextLeader: number | undefined
  readonly fromMs: number
  readonly untilMs: number
}

export function planOf(kind: FaultKind, random: Random): Plan {
  const isLong = random() < LONG_RATIO && kind !== 'hang up on clients'
  return {
    kind,
    lastsMs: LASTS_MIN_MS + random() * LASTS_MORE_MS + (isLong ? LONG_MS : 0),
    hitsLeader: random() < LEADER_RATIO,
    dice: Math.floor(random() * MEMBERS),
  }
}

/** Does it, and undoes it after its time, or as soon as `signal` aborts. */
export async function inject(cluster: Cluster, plan: Plan, signal: AbortSignal): Promise<Fault> {
  const { kind, lastsMs, hitsLeader, dice } = plan
  const leader = await cluster.leader()
  const target = hitsLeader && leader !== undefined ? leader : dice
  const members = kind.includes('two') ? [target, (target + 1) % MEMBERS] : [target]
  const fromMs = systemClock.monotonicMs()
  const undo = await BEGIN[kind](cluster, members)
  await systemClock.sleep(lastsMs, signal)
  const nextLeader = await cluster.leader()
  await undo()
  const stopped = kind.startsWith('stop') ? members : []
  return { kind, stopped, leader, nextLeader, fromMs, untilMs: systemClock.monotonicMs() }
}

/** Begins a fault, and answers how to undo it. */
type Begin = (cluster: Cluster, members: readonly number[]) => Promise<() => Promise<void>>

const kill: Begin = async (cluster, members) => {
  await Promise.all(members.map((at) => cluster.member(at).kill()))
  return () => each(members, (at) => cluster.member(at).start())
}

const stop: Begin = async (cluster, members) => {
  await each(members, (at) => cluster.member(at).signal('SIGSTOP'))
  return () => each(members, (at) => cluster.member(at).signal('SIGCONT'))
}

const isolate: Begin = async (cluster, members) => {
  await each(members, (at) => cluster.isolate(at, { alsoFromNodes: true }))
  return () => each(members, (at) => cluster.rejoin(at))
}

/** Parted from the other members only, it goes on to answer the nodes. */
const part: Begin = async (cluster, members) => {
  await each(members, (at) => cluster.isolate(at, { alsoFromNodes: false }))
  return () => each(members, (at) => cluster.rejoin(at))
}

const cutOffNode: Begin = (cluster, [target = 0]) => {
  const node = target % cluster.urls.length
  cluster.cutOffNode(node)
  return Promise.resolve(() => each([node], (at) => cluster.mendNode(at)))
}

const killNode: Begin = async (cluster, [target = 0]) => {
  const node = target % cluster.urls.length
  await cluster.killNode(node)
  return () => cluster.startNode(node)
}

/** Again and again. Who waited for an answer does not know what became of it. */
const hangUp: Begin = (cluster, [target = 0]) => {
  const ending = new AbortController()
  const hangingUp = async () => {
    do cluster.hangUp(target % cluster.urls.length)
    while (await systemClock.sleep(HANG_UP_EVERY_MS, ending.signal))
  }
  const ended = hangingUp()
  return Promise.resolve(() => {
    ending.abort()
    return ended
  })
}

const BEGIN: Readonly<Record<FaultKind, Begin>> = {
  'kill member': kill,
  'stop member': stop,
  'isolate member': isolate,
  'part member': part,
  'kill two members': kill,
  'stop two members': stop,
  'cut off node': cutOffNode,
  'kill node': killNode,
  'hang up on clients': hangUp,
}

async function each(members: readonly number[], act: (at: number) => unknown): Promise<void> {
  for (const at of members) await act(at)
}
