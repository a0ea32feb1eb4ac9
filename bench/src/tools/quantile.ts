/**
 * Quantiles by the nearest rank: an observed value, never one between two.
 *
 * @module
 */

/** The value that `share` (0 to 1) of the observations do not exceed; NaN of none. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN
  const rank = Math.max(1, Math.ceil(share * sorted.length))
  return sorted[rank - 1] ?? Number.NaN
}
