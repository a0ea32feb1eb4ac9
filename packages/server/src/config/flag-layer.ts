/**
 * The command line: an object of what was given, by the names of the fields (`logLevel`).
 *
 * @module
 */

import { FIELDS, kebabCase } from './fields.ts'
import { unknownKey, type Layer, type RawSetting } from './layer.ts'

/** Flags as a parser of command lines hands them over. Undefined is "not given". */
export type Flags = Readonly<Record<string, unknown>>

/** Reads the flags, except `config`, which names the file. */
export function flagLayer(flags: Flags): Layer {
  const settings: RawSetting[] = []
  const problems: string[] = []
  for (const [name, raw] of Object.entries(flags)) {
    if (raw === undefined || name === 'config') continue
    const label = `--${kebabCase(name)}`
    const field = FIELDS.find(({ flagName, key }) => flagName !== undefined && key === name)
    if (field === undefined) problems.push(unknownKey(label, undefined))
    else settings.push({ field, raw, label })
  }
  return { origin: 'flag', settings, problems }
}
