/**
 * From what a source holds to the value of a field, or to the sentence why not.
 *
 * @module
 */

import { Value } from 'typebox/value'
import { parseEtcdUrl } from './etcd-schema.ts'
import { SECRET_MASK, type ConfigField } from './fields.ts'
import { shown, type RawSetting } from './layer.ts'
import { parseListenAddress, parsePeerAddress } from './listen-address.ts'

export type ConfigValue = string | number | boolean | readonly string[]

/** Fields that hold one address, by what reads it. */
const ADDRESSES: Readonly<Record<string, (text: string) => unknown>> = {
  http: parseListenAddress,
  advertise: parsePeerAddress,
}

/** What reads the items of a list. */
const ITEMS: Readonly<Record<string, (text: string) => string | undefined>> = {
  peers: parsePeerAddress,
  etcd: parseEtcdUrl,
}

/** Says that a setting cannot be used. Has no full stop, since several are joined. */
export interface Misfit {
  readonly problem: string
}

/** Tells the two apart: a list is an object too. */
export function isMisfit(value: ConfigValue | Misfit): value is Misfit {
  return typeof value === 'object' && 'problem' in value
}

/** Reads a value of a file, which has types of its own. */
export function readTyped(setting: RawSetting): ConfigValue | Misfit {
  const { field, raw } = setting
  // A list may also be written as the text that a flag takes.
  if (field.kind === 'list' && typeof raw === 'string') return readText(setting)
  if (field.kind === 'list' && Array.isArray(raw)) return readList(setting, raw)
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
  if (field.kind === 'list' && typeof raw === 'string') return readList(setting, raw.split(','))
  const value = typeof raw === 'string' ? fromText(field, raw) : raw
  return fits(field, value) ? value : misfit(setting)
}

/** Each item once, in one way of writing it. */
function readList(setting: RawSetting, items: readonly unknown[]): ConfigValue | Misfit {
  const addresses = new Set<string>()
  const parse = ITEMS[setting.field.key] ?? parsePeerAddress
  for (const item of items) {
    const address = typeof item === 'string' ? parse(item.trim()) : undefined
    if (address === undefined) return misfit({ ...setting, raw: item })
    addresses.add(address)
  }
  const list = [...addresses]
  if (!Value.Check(setting.field.schema, list)) return misfit({ ...setting, raw: addresses.size })
  return list
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
  const parse = ADDRESSES[field.key]
  if (parse) return typeof value === 'string' && parse(value) !== undefined
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
