/**
 * What the plane counts. The composition root hands in something that exports it.
 *
 * @module
 */

import type { ErrorCode } from '@rollcall/protocol/errors'

export interface CatalogMetrics {
  /** A commit of the plane was answered, and the view has applied it. */
  committed(tookMs: number): void
  /** A commit was refused or failed with this code. */
  refused(code: ErrorCode): void
  /** A write answered before the view had applied it. */
  behind(): void
  viewBuilt(why: 'start' | 'restored' | 'compacted', tookMs: number): void
  watchBroke(code: ErrorCode): void
}

const nothing = () => {}

/** Counts nothing. */
export const noCatalogMetrics: CatalogMetrics = {
  committed: nothing,
  refused: nothing,
  behind: nothing,
  viewBuilt: nothing,
  watchBroke: nothing,
}
