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
/** So often it hits the member that leads. */
const LEADER_RATIO = 0.6

export const FAULTS = [
  'kill',
  'stop',
  'isolate',
  'part',
  'kill two',
  'stop two',
  'cut node',
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
  readonly members: readonly number[]
  readonly leader: number | undefined
  readonly fromMs: number
  readonly untilMs: number
}

export function planOf(kind: FaultKind, random: Random): Plan {
  return {
    kind,
    lastsMs: LASTS_MIN_MS + random() * LASTS_MORE_MS,
    hitsLeader: random() < LEADER_RATIO,
    dice: Math.floor(random() * MEMBERS),
  }
}

/** Does it, and undoes it after its time, or as soon as `signal` aborts. */
export async function inject(cluster: Cluster, plan: Plan, signal: AbortSignal): Promise<Fault> {
  const { kind, lastsMs, hitsLeader, dice } = plan
  const leader = await cluster.leader()
  const first = hitsLeader && leader !== undefined ? leader : dice
  const members = kind.endsWith('two') ? [first, (first + 1) % MEMBERS] : [first]
  const fromMs = systemClock.monotonicMs()
  const undo = await begin(cluster, kind, members)
  await systemClock.sleep(lastsMs, signal)
  await undo()
  const hit = kind === 'cut node' ? [] : members
  return { kind, members: hit, leader, fromMs, untilMs: systemClock.monotonicMs() }
}

/** Answers how to undo it. */
async function begin(cluster: Cluster, kind: FaultKind, members: readonly number[]) {
  switch (kind) {
    case 'kill':
    case 'kill two':
      await Promise.all(members.map((at) => cluster.member(at).kill()))
      return () => each(members, (at) => cluster.member(at).start())
    case 'stop':
    case 'stop two':
      await each(members, (at) => cluster.member(at).signal('SIGSTOP'))
      return () => each(members, (at) => cluster.member(at).signal('SIGCONT'))
    case 'isolate':
    case 'part':
      // Parted from the other members only, it goes on to answer the nodes.
      await each(members, (at) => cluster.isolate(at, kind === 'isolate'))
      return () => each(members, (at) => cluster.rejoin(at))
    case 'cut node': {
      const node = (members[0] ?? 0) % cluster.urls.length
      cluster.cutNode(node)
      return () => each([node], (at) => cluster.mendNode(at))
    }
  }
}

async function each(members: readonly number[], act: (at: number) => unknown): Promise<void> {
  for (const at of members) await act(at)
}
