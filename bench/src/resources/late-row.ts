import { milliseconds, type Row } from '../suite/scenario.ts'

const LATE_TARGET_MS = 50

/** How late the loop of a node was at its worst while something was done. */
export function lateRow(
  scenario: string,
  what: string,
  { lateMaxMs, ...more }: Pick<Row, 'details' | 'profile'> & { readonly lateMaxMs: number },
): Row {
  return {
    scenario,
    measure: `loop at its latest while ${what}`,
    ours: milliseconds(lateMaxMs),
    target: `≤ ${LATE_TARGET_MS} ms`,
    met: lateMaxMs <= LATE_TARGET_MS,
    ...more,
  }
}
