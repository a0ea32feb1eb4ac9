/**
 * What an engine counts. The composition root hands in something that exports it.
 *
 * @module
 */

export interface EngineReports {
  /** So many commits and grants went to the disk together. */
  grouped(jobs: number): void
  /** So many leases ended because nobody kept them alive. */
  expired(leases: number): void
}

/** Counts nothing. */
export const noEngineReports: EngineReports = { grouped: () => {}, expired: () => {} }
