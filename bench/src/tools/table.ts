/**
 * Rows as a table: for the eye in a terminal, and the same text is valid Markdown.
 *
 * @module
 */

import type { Figure, Row } from '../suite/scenario.ts'

const HEAD = ['measure', 'ours', 'theirs', 'ratio', 'target', ''] as const

/** The whole table. */
export function tableOf(rows: readonly Row[]): string {
  const cells = [HEAD, ...rows.map(cellsOf)]
  const widths = HEAD.map((_, column) =>
    Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)),
  )
  const [head = '', ...lines] = cells.map((row) => line(row, widths))
  const rule = line(
    widths.map((width) => '-'.repeat(width)),
    widths,
  )
  return [head, rule, ...lines].join('\n')
}

/** One row on a line of its own, as it finishes. */
export function lineOf(row: Row): string {
  return cellsOf(row)
    .filter((cell) => cell !== '')
    .join('  |  ')
}

/** A number as people read it: three digits that mean something, thousands apart. */
export function figureText({ value, unit }: Figure): string {
  return `${numberText(value)}${unit}`
}

export function numberText(value: number): string {
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0
  return value.toLocaleString('en-GB', { maximumFractionDigits: digits })
}

function cellsOf({ measure, ours, theirs, ratio, target, met }: Row): string[] {
  const verdict = met === undefined ? '' : met ? 'met' : 'MISSED'
  return [
    measure,
    figureText(ours),
    theirs ? figureText(theirs) : '',
    ratio === undefined ? '' : `${ratio.toFixed(2)} ×`,
    target,
    verdict,
  ]
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
}
