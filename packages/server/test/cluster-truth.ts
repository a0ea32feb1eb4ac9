/**
 * What is true of an instance, from what its clients did and were told.
 *
 * @module
 */

import type { ClientEvent, KeyHistory } from './cluster-history.ts'

/** A while in which an instance lives, and the node that took its last heartbeat is the same. */
export interface LiveSpan {
  readonly fromMs: number
  readonly toMs: number
  /** Who took the heartbeat with which this began. */
  readonly node: string
  /** Since when it has lived without a missed heartbeat. */
  readonly sinceMs: number
}

/** A while in which nobody lives under a key. */
export interface DeadSpan {
  readonly fromMs: number
  readonly toMs: number
}

/** A cancel that a node took. */
export interface Cancellation {
  readonly atMs: number
  readonly node: string
  /** The life that it ended, and all before. */
  readonly gen: number
  /** When the next registration of any process was accepted, if ever. */
  readonly untilMs: number
  /** A node was asked by a client that was told so. */
  readonly answered: boolean
}

type Accepted = Extract<ClientEvent, { kind: 'accepted' }>

/** Spans of the newest process of an instance, from answer to answer. */
export function liveSpans(history: KeyHistory, heartbeatMs: number, endMs: number): LiveSpan[] {
  const spans: LiveSpan[] = []
  const lapseMs = 1.1 * heartbeatMs + 300
  let newest = -1
  // "A cancel absorbs everything of its generation, however late": whoever goes on renewing a life
  // that has ended, at a node that has not heard of it, is not there.
  const ended = new Set<number>()
  let gen = 0
  let open: { fromMs: number; node: string; sinceMs: number } | undefined
  const close = (atMs: number) => {
    if (open) spans.push({ ...open, toMs: Math.min(atMs, open.fromMs + lapseMs) })
    open = undefined
  }
  for (const event of history.clientEvents) {
    if (event.kind === 'started') {
      close(event.atMs)
      newest = event.process
    } else if (event.kind === 'accepted') {
      // Without a session nobody can tell whose cancel it is.
      const ends = event.op === 'cancel' && (event.process === newest || !history.hasSession)
      if (ends) {
        close(event.atMs)
        ended.add(event.gen)
      } else if (event.process === newest) gen = event.gen
    } else if (event.process !== newest) {
      continue
    } else if (event.kind === 'answered' && event.op !== 'cancel' && !ended.has(gen)) {
      const isOnTime = open !== undefined && event.atMs - open.fromMs <= lapseMs
      const sinceMs = isOnTime && open ? open.sinceMs : event.atMs
      close(event.atMs)
      open = { fromMs: event.atMs, node: event.node, sinceMs }
    } else close(event.atMs)
  }
  close(endMs)
  return spans
}

/** From when the last process of a key ended to when the next began. */
export function deadSpans({ clientEvents }: KeyHistory, endMs: number): DeadSpan[] {
  const spans: DeadSpan[] = []
  const alive = new Set<number>()
  let fromMs: number | undefined
  for (const { kind, atMs, process } of clientEvents) {
    if (kind === 'started') {
      if (fromMs !== undefined) spans.push({ fromMs, toMs: atMs })
      fromMs = undefined
      alive.add(process)
    } else if (kind === 'crashed' || kind === 'left' || kind === 'superseded') {
      if (alive.delete(process) && alive.size === 0) fromMs = atMs
    }
  }
  if (fromMs !== undefined) spans.push({ fromMs, toMs: endMs })
  return spans
}

/** The time of the last sign of life that any node accepted up to a time. */
export function lastSignMs({ clientEvents }: KeyHistory, atMs: number): number {
  let lastMs = 0
  for (const event of clientEvents) {
    if (event.atMs > atMs) break
    if (event.kind === 'accepted' && event.op !== 'cancel') lastMs = event.atMs
  }
  return lastMs
}

export function cancellations({ clientEvents }: KeyHistory): Cancellation[] {
  return clientEvents.flatMap((event, at) => {
    if (event.kind !== 'accepted' || event.op !== 'cancel') return []
    const later = clientEvents.slice(at + 1)
    const next = later.find((each) => isRegistration(each, event))
    const isAnswered = later.some(
      (each) => each.kind === 'left' && each.process === event.process && each.acknowledged,
    )
    const { atMs, node, gen } = event
    const untilMs = next?.atMs ?? Number.POSITIVE_INFINITY
    return [{ atMs, node, gen, untilMs, answered: isAnswered }]
  })
}

/** Of another life than the one that was cancelled: what the same life says late must not count. */
function isRegistration(event: ClientEvent, cancel: Accepted): boolean {
  return event.kind === 'accepted' && event.op !== 'cancel' && event.gen > cancel.gen
}
