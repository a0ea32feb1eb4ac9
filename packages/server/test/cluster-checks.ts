/**
 * All that must hold of a run.
 *
 * @module
 */

import { checkAbsence, checkEmpty, checkFlaps } from './cluster-check-absence.ts'
import { checkDeath } from './cluster-check-death.ts'
import {
  checkAgreement,
  checkIsolation,
  checkLinks,
  checkQueues,
  checkQuiet,
  checkWatchers,
} from './cluster-check-peace.ts'
import { checkWords } from './cluster-check-words.ts'
import type { History } from './cluster-history.ts'
import type { Checker, CheckOptions, Violation } from './cluster-violation.ts'

const CHECKERS: readonly Checker[] = [
  checkAgreement,
  checkAbsence,
  checkEmpty,
  checkFlaps,
  checkDeath,
  checkWords,
  checkWatchers,
  checkQuiet,
  checkIsolation,
  checkLinks,
  checkQueues,
]

/** Everything that was wrong, the first first. */
export function violationsOf(history: History, options: CheckOptions): Violation[] {
  return CHECKERS.flatMap((check) => check(history, options)).sort(
    (left, right) => left.atMs - right.atMs,
  )
}
