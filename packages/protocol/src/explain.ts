/**
 * The answer to "why is it not there?".
 *
 * @module
 */

import { Type, type Static } from 'typebox'
import { Instance } from './instance.ts'

export const VERDICTS = [
  'visible',
  'never_registered',
  'other_env',
  'other_zone',
  'cancelled',
  'evicted',
  'hidden',
  'held_by_status',
  'protected',
  'unknown',
] as const
export type Verdict = (typeof VERDICTS)[number]

export const HISTORY_EVENTS = [
  'registered',
  'replaced',
  'loaded',
  'claimed',
  'content_set',
  'override_set',
  'override_lifted',
  'held',
  'renewed_while_held',
  'hidden',
  'shown',
  'evicted',
  'refuted',
  'cancelled',
] as const
export type HistoryEventName = (typeof HISTORY_EVENTS)[number]

export const HistoryEvent = Type.Object({
  at: Type.Integer({ description: 'Epoch milliseconds.' }),
  event: Type.Enum([...HISTORY_EVENTS]),
  node: Type.String(),
  detail: Type.Optional(Type.String()),
})
export type HistoryEvent = Static<typeof HistoryEvent>

export const Explanation = Type.Object({
  verdict: Type.Enum([...VERDICTS]),
  sentence: Type.String({ description: 'The verdict for a person, with what to do about it.' }),
  instance: Type.Optional(Instance),
  elsewhere: Type.Array(
    Type.Object({ env: Type.String(), zone: Type.String(), id: Type.String() }),
  ),
  history: Type.Array(HistoryEvent, { description: 'Up to 64 events, oldest first.' }),
  node: Type.String({ description: 'Who answers.' }),
})
export type Explanation = Static<typeof Explanation>
