/**
 * Something that should not have happened.
 *
 * @module
 */

import type { History } from './cluster-history.ts'

export type Invariant =
  | 'I1 converged'
  | 'I2 resurrection'
  | 'I3 false absence'
  | 'I3 empty'
  | 'I4 dead shown'
  | 'I4 dead reappears'
  | 'I4 cancelled shown'
  | 'I5 watcher'
  | 'I6 unbounded'
  | 'quiet'
  | 'isolation'
  | 'override'
  | 'content'
  | 'flap'
  | 'scenario'

export interface Violation {
  readonly invariant: Invariant
  readonly atMs: number
  readonly node?: string
  readonly key?: string
  readonly what: string
  /** When it was over, if it was. */
  readonly toMs?: number
  /** Whether the stalls of others, who may have kept a deadline or a hide time, account for it. */
  readonly isByStall?: boolean
  /** What a client or an operator had said that was not heeded, and where. */
  readonly said?: { readonly atMs: number; readonly node: string }
}

/** What bounds are measured in, and what a scenario promises beyond the usual. */
export interface CheckOptions {
  readonly heartbeatMs: number
  readonly ttlMs: number
  /** Times that live instances may vanish and come back on nodes that are joined to their heartbeats; any number if undefined. */
  readonly flapsMax?: number | undefined
  /** Protection may keep the dead here; elsewhere nothing is ever held. */
  readonly mayHold?: boolean | undefined
}

export type Checker = (history: History, options: CheckOptions) => Violation[]
