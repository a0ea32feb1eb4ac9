/**
 * Restores as they travel. What is inside a backup is the server's business; clients only look
 * whether its last line is there.
 *
 * @module
 */

import { Type, type Static } from 'typebox'

/** The type of the file of a backup: lines of JSON. */
export const BACKUP_TYPE = 'application/x-ndjson'

export const RestoreAnswer = Type.Object({
  generation: Type.Integer({ description: 'Of the content that counts now.' }),
  revision: Type.Integer({ description: 'Greater than any before, here and in the backup.' }),
  count: Type.Integer({ description: 'Keys in the backup.' }),
  replacedWrites: Type.Integer({
    description: 'Writes that came while the new content was written, and are gone with the old.',
  }),
  tookMs: Type.Integer(),
})
export type RestoreAnswer = Static<typeof RestoreAnswer>

export const RESTORE_STATES = ['idle', 'verifying', 'writing', 'flipping', 'cleaning'] as const
export type RestoreState = (typeof RESTORE_STATES)[number]

export const RestoreStatus = Type.Object({
  state: Type.Enum([...RESTORE_STATES]),
  generation: Type.Integer({ description: 'Of the content that counts; grows with each restore.' }),
  progress: Type.Union([Type.Number(), Type.Null()], {
    description: 'Of this state, 0 to 1; null where nobody knows.',
  }),
  error: Type.Optional(
    Type.Object(
      { code: Type.String(), detail: Type.String() },
      { description: 'Why the last one changed nothing.' },
    ),
  ),
})
export type RestoreStatus = Static<typeof RestoreStatus>
