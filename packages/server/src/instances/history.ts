/**
 * What happened to one instance, as far back as `explain` needs.
 *
 * @module
 */

import type { HistoryEventName } from '../model/vocabulary.ts'
import { HISTORY_MAX } from './constants.ts'

export interface HistoryEvent {
  /** Epoch milliseconds. */
  readonly atMs: number
  readonly event: HistoryEventName
  readonly detail?: string
}

/** Never changed in place: most instances share the empty one or hold a single event. */
export type History = readonly HistoryEvent[]

export const NO_HISTORY: History = []

/** The history with one more event, without the oldest where it would grow too long. */
export function remember(history: History, event: HistoryEvent): History {
  if (history.length === 0) return [event]
  return [...history.slice(1 - HISTORY_MAX), event]
}
