/**
 * From what a source holds to the value of a field, or to the sentence why not.
 *
 * @module
 */

import { Value } from 'typebox/value'
import { SECRET_MASK, type ConfigField } from './fields.ts'
import { shown, type RawSetting } from './layer.ts'
import { parseListenAddress } from './listen-address.ts'

export type ConfigValue = string | number | boolean

/** Says that a setting cannot be used. Has no full stop, since several are joined. */
export interface Misfit {
  readonly problem: string
}

/** Reads a value of a file, which has types of its own. */
export function readTyped(setting: RawSetting): ConfigValue | Misfit {
  const { field, raw } = setting
  if (fits(field, raw)) return raw
  if (raw === null || raw === '') return empty(setting)
  const isScalar = typeof raw === 'number' || typeof raw === 'boolean'
  const hint = field.kind === 'text' && isScalar ? '; put it in quotes' : ''
  return misfit(setting, hint)
}

/** Reads a value of the environment or of a flag, where all is text. A switch may be a boolean already. */
export function readText(setting: RawSetting): ConfigValue | Misfit {
  const { field, raw } = setting
  if (raw === '') return empty(setting)
  const value = typeof raw === 'string' ? fromText(field, raw) : raw
  return fits(field, value) ? value : misfit(setting)
}

function fromText(field: ConfigField, text: string): unknown {
  if (field.kind === 'integer') return /^\d{1,16}$/.test(text) ? Number(text) : text
  if (field.kind !== 'boolean') return text
  if (text === 'true' || text === '1') return true
  return text === 'false' || text === '0' ? false : text
}

function fits(field: ConfigField, value: unknown): value is ConfigValue {
  if (!Value.Check(field.schema, value)) return false
  // A pattern cannot say what an address is.
  if (field.key === 'http')
    return typeof value === 'string' && parseListenAddress(value) !== undefined
  // Whoever pastes what `config print` shows would otherwise have a secret that everyone knows.
  return !(field.secret && value === SECRET_MASK)
}

function empty({ label, field }: RawSetting): Misfit {
  return { problem: `${label} is empty; leave it out, or give ${field.form}` }
}

function misfit({ label, field, raw }: RawSetting, hint = ''): Misfit {
  const found = field.secret ? '' : `, not ${shown(raw)}`
  return { problem: `${label} must be ${field.form}${found}${hint}` }
}
