/**
 * What one source of configuration says, before anything is checked.
 *
 * @module
 */

import { FIELDS, SECTIONS, type ConfigField } from './fields.ts'

/** Where a value comes from; a later one of this list wins over an earlier. */
export const ORIGINS = ['default', 'file', 'env', 'flag'] as const
export type Origin = (typeof ORIGINS)[number]

/** A value that a source gives to a field. */
export interface RawSetting {
  readonly field: ConfigField
  readonly raw: unknown
  /** How to name it to whoever wrote it: `--log-level`, or a key with line and column. */
  readonly label: string
}

export interface Layer {
  readonly origin: Origin
  readonly settings: readonly RawSetting[]
  /** What is wrong with the source itself, each without a full stop. */
  readonly problems: readonly string[]
}

/** Says that a source has a key that we do not know, and which one may have been meant. */
export function unknownKey(label: string, meant: string | undefined): string {
  return `${label} is not an option of this version${meant === undefined ? '' : `; did you mean ${meant}?`}`
}

/** Finds the field or section that differs from a text by case and separators only. */
export function nearKey(text: string): string | undefined {
  const wanted = lettersOf(text)
  return [...FIELDS.map(({ key }) => key), ...SECTIONS].find((key) => lettersOf(key) === wanted)
}

/** Shows a value in a message, cut short; never what is inside a list or a table. Not for secrets. */
export function shown(raw: unknown): string {
  if (typeof raw === 'object' && raw !== null) return Array.isArray(raw) ? 'a list' : 'a table'
  const text = typeof raw === 'string' ? JSON.stringify(raw) : String(raw)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function lettersOf(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase()
}
