/**
 * What happened in a run of the cluster, as an outsider who sees everything would write it
 * down. The checkers read nothing else.
 *
 * @module
 */

import { Timeline } from './cluster-timeline.ts'

/** What a node shows under a key; undefined where it shows nothing. */
export interface View {
  /** The stamp numbers of its life's generation and its content. */
  readonly gen: number
  readonly cver: number
  readonly version: string
  /** What clients should act on. */
  readonly status: string
  readonly held: boolean
}

/** How a process of a node does. */
export interface Condition {
  readonly isUp: boolean
  readonly isStalled: boolean
  /** Whether it answers reads. */
  readonly isReady: boolean
  /** Whether it hides nothing because it hears fewer than half. */
  readonly isIsolated: boolean
}

/** Two-way paths between two nodes: straight, through one other, or none. */
export type Path = 'direct' | 'third' | 'none'

export type OpName = 'register' | 'renew' | 'cancel'

/** Something that a client process did or that was done for it. */
export type ClientEvent = { readonly atMs: number; readonly process: number } & (
  | { readonly kind: 'started' }
  /** It ended without a word. */
  | { readonly kind: 'crashed' }
  /** It learnt that a newer process has its place. */
  | { readonly kind: 'superseded' }
  /** It asked to be cancelled, and renews no more. */
  | { readonly kind: 'leaving' }
  /** It has done what it can to cancel; `acknowledged` by a node or not. */
  | { readonly kind: 'left'; readonly acknowledged: boolean }
  /** A node did what it asked for. `gen` and `cver`: of the life and content on record there afterwards. */
  | {
      readonly kind: 'accepted'
      readonly op: OpName
      readonly node: string
      readonly gen: number
      readonly cver: number
      readonly version: string
    }
  /** It learnt that a node did. */
  | { readonly kind: 'answered'; readonly op: OpName; readonly node: string }
)

/** An operator's word on the status of an instance, as a node took it. */
export interface OverrideEvent {
  readonly atMs: number
  readonly node: string
  readonly value: string | null
  /** The stamp that it got: the latest by stamp stands. */
  readonly over: number
}

export interface KeyHistory {
  readonly key: string
  readonly hasSession: boolean
  readonly clientEvents: ClientEvent[]
  readonly overrides: OverrideEvent[]
  readonly views: Map<string, Timeline<View | undefined>>
  /** Who is home by each node's record, `node#inc`; looked at now and then. */
  readonly homes: Map<string, Timeline<string | undefined>>
  /** When a node that started alone took it from disk. */
  readonly loads: number[]
}

/** Something that befell the cluster rather than a client. */
export interface Fault {
  readonly atMs: number
  readonly what: string
}

/** What the nodes counted in one second of the run. */
export interface Traffic {
  batches: number
  records: number
  forwarded: number
  syncMessages: number
  claims: number
  hides: number
  evictions: number
}

export interface Final {
  /** For each node that was ready at the end, what it holds and shows, as text by key. */
  readonly records: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly shown: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** How many records each holds, and what they add up to. */
  readonly sizes: ReadonlyMap<string, number>
  readonly roots: ReadonlyMap<string, string>
  /** What is still to be told, by who and to whom, with a space between: for each open channel. */
  readonly outbox: ReadonlyMap<string, number>
}

export class History {
  readonly nodes: string[] = []
  readonly conditions = new Map<string, Timeline<Condition>>()
  readonly paths = new Map<string, Timeline<Path>>()
  readonly keys = new Map<string, KeyHistory>()
  readonly faults: Fault[] = []
  readonly seconds: Traffic[] = []
  readonly watcherFaults: { readonly atMs: number; readonly what: string }[] = []
  /** Looks at all nodes in the last seconds; the cluster must agree in one of them. */
  readonly finals: Final[] = []
  endMs = 0

  addNode(node: string): void {
    if (this.conditions.has(node)) return
    for (const other of this.nodes) this.paths.set(pairOf(node, other), new Timeline<Path>())
    this.nodes.push(node)
    this.conditions.set(node, new Timeline(sameCondition))
    for (const { views, homes } of this.keys.values()) {
      views.set(node, new Timeline(sameView))
      homes.set(node, new Timeline())
    }
  }

  addKey(key: string, hasSession: boolean): KeyHistory {
    const views = new Map(this.nodes.map((node) => [node, new Timeline(sameView)]))
    const homes = new Map(this.nodes.map((node) => [node, new Timeline<string | undefined>()]))
    const history: KeyHistory = {
      key,
      hasSession,
      clientEvents: [],
      overrides: [],
      views,
      homes,
      loads: [],
    }
    this.keys.set(key, history)
    return history
  }

  condition(node: string): Timeline<Condition> {
    return take(this.conditions, node)
  }

  /** The paths between two nodes; of one to itself: whether it runs. */
  path(one: string, other: string): Timeline<Path> {
    return take(this.paths, pairOf(one, other))
  }

  traffic(atMs: number): Traffic {
    const second = Math.floor(atMs / 1_000)
    while (this.seconds.length <= second) this.seconds.push(noTraffic())
    return this.seconds[second] ?? noTraffic()
  }
}

export function pairOf(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`
}

export function isServing(condition: Condition | undefined): boolean {
  return condition !== undefined && condition.isUp && condition.isReady && !condition.isStalled
}

export function isRunning(condition: Condition | undefined): boolean {
  return condition !== undefined && condition.isUp && !condition.isStalled
}

export function noTraffic(): Traffic {
  return {
    batches: 0,
    records: 0,
    forwarded: 0,
    syncMessages: 0,
    claims: 0,
    hides: 0,
    evictions: 0,
  }
}

function take<T>(map: ReadonlyMap<string, T>, key: string): T {
  const found = map.get(key)
  if (found === undefined) throw new Error(`nothing is known of ${key}`)
  return found
}

function sameCondition(left: Condition, right: Condition): boolean {
  return (
    left.isUp === right.isUp &&
    left.isStalled === right.isStalled &&
    left.isReady === right.isReady &&
    left.isIsolated === right.isIsolated
  )
}

function sameView(left: View | undefined, right: View | undefined): boolean {
  if (!left || !right) return left === right
  return (
    left.gen === right.gen &&
    left.cver === right.cver &&
    left.version === right.version &&
    left.status === right.status &&
    left.held === right.held
  )
}
