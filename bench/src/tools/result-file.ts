/**
 * Results as files: JSON for programs, Markdown for people. The rows of a scenario that is run
 * again on the same commit and day take the place of those before, so that a long run may be
 * made in parts.
 *
 * @module
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../suite/scenario.ts'
import type { Commit, Machine } from './machine.ts'
import { numberText, tableOf } from './table.ts'

export interface Result {
  readonly suite: string
  readonly date: string
  readonly commit: Commit
  readonly isQuick: boolean
  readonly machine: Machine
  readonly rows: readonly Row[]
}

/** Writes both files into a folder, and answers the path of the one for people. */
export function writeResult(folder: string, result: Result): string {
  mkdirSync(folder, { recursive: true })
  const { suite, date, commit } = result
  const name = `${suite}-${date}-${commit.id}${commit.isDirty ? '-changed' : ''}`
  const json = join(folder, `${name}.json`)
  const before = existsSync(json) ? (JSON.parse(readFileSync(json, 'utf8')) as Result) : undefined
  const whole = { ...result, rows: joined(before?.rows ?? [], result.rows) }
  writeFileSync(json, `${JSON.stringify(whole, null, 2)}\n`)
  const markdown = join(folder, `${name}.md`)
  writeFileSync(markdown, resultText(whole))
  return markdown
}

/** The rows of both, those of the same scenario from `after` alone. */
export function joined(before: readonly Row[], after: readonly Row[]): Row[] {
  const again = new Set(after.map(({ scenario }) => scenario))
  return [...before.filter(({ scenario }) => !again.has(scenario)), ...after]
}

/** The result for people. */
export function resultText({ suite, date, commit, isQuick, machine, rows }: Result): string {
  const changed = commit.isDirty ? ' with changes' : ''
  const quick = isQuick ? '\nA quick run: it shows that the bench works, and no more.\n' : ''
  const facts = Object.entries(machine).map(([name, value]) => `- ${name}: ${value}`)
  return `# Bench ${suite}, ${date}, commit ${commit.id}${changed}
${quick}
${facts.join('\n')}

${tableOf(rows)}

${rows.map(detailsText).join('\n')}`
}

function detailsText({ measure, details, profile = [] }: Row): string {
  const facts = Object.entries(details).map(
    ([name, value]) => `- ${name}: ${typeof value === 'number' ? numberText(value) : value}`,
  )
  const times = profile.map(({ name, share }) => `    ${(share * 100).toFixed(1)} %  ${name}`)
  const profiled = times.length === 0 ? [] : ['', 'Own time of functions:', '', ...times]
  return [`## ${measure}`, '', ...facts, ...profiled, ''].join('\n')
}
