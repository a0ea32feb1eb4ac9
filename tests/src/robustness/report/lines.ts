/**
 * A run in words.
 *
 * @module
 */

import type { Plan } from '../faults/fault.ts'
import type { RunReport } from '../run.ts'

const PROBLEMS_TOLD = 5

export function describePlan({ kind, lastsMs, hitsLeader }: Plan, atMs: number): string {
  const whom = hitsLeader && kind.includes('member') ? ', the leader first' : ''
  return `${seconds(atMs)}: ${kind} for ${seconds(lastsMs)}${whom}`
}

/** The figures, then each check with what it found. */
export function describeRun({ findings, faults, counts }: RunReport): readonly string[] {
  const elected = faults.filter(
    ({ leader, nextLeader }) => nextLeader !== undefined && nextLeader !== leader,
  )
  const figures = Object.entries(counts).map(([name, count]) => `${name} ${count}`)
  const lines = [
    `faults: ${faults.length}, with another leader after ${elected.length} of them`,
    `clients: ${figures.join(', ')}`,
  ]
  for (const { check, judged, problems } of findings) {
    lines.push(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${check} (${judged})`)
    for (const problem of problems.slice(0, PROBLEMS_TOLD)) lines.push(`  ${problem}`)
    const more = problems.length - PROBLEMS_TOLD
    if (more > 0) lines.push(`  and ${more} more`)
  }
  return lines
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
