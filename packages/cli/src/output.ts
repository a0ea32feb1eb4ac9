/**
 * How results are shown: plain columns for people, one document of JSON for programs.
 *
 * @module
 */

import Table from 'cli-table3'

const COLUMN_GAP = 2

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
}

/** Lays out rows under headings, without borders and colours; one line a row. */
export function tableLines(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const table = new Table({
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': COLUMN_GAP, compact: true },
  })
  for (const cells of [headings, ...rows]) table.push(cells.map((cell) => plainCell(cell)))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
}

/** Shows a value as JSON on one line. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value)
}

/** Shows a time for people: ISO 8601, UTC, to the second. */
export function timeText(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z')
}

// Control characters could steer the terminal, the others reorder or hide what is shown. All
// this comes from whoever registers.
const UNSAFE = /[\p{Cc}\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/gu

/**
 * Makes what a terminal would obey visible as `\u001b`. Keeps line breaks. Since JSON writes
 * such characters in the same way, JSON stays what it was.
 */
export function plainText(text: string): string {
  return text.replaceAll(UNSAFE, (character) =>
    character === '\n' ? character : escapeOf(character),
  )
}

/** One line: a row must not become two. */
function plainCell(text: string): string {
  return text.replaceAll(UNSAFE, escapeOf)
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
