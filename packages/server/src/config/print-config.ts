/**
 * `config print`: every value with where it comes from, in a form that loads again.
 *
 * @module
 */

import { FIELDS, SECRET_MASK, type ConfigField } from './fields.ts'
import type { Origin } from './layer.ts'
import { formatListenAddress } from './listen-address.ts'
import type { LoadedConfig } from './load-config.ts'
import type { ConfigValue } from './read-value.ts'
import type { Config } from './schema.ts'

/** One line of the print. */
export interface ConfigEntry {
  readonly key: string
  /** As a file holds it; null when there is none, the mask for a secret. */
  readonly value: ConfigValue | null
  readonly origin: Origin
}

/** Lists every field with its value and origin; secrets are masked. */
export function configEntries({ config, origins }: LoadedConfig): readonly ConfigEntry[] {
  return FIELDS.map((field) => {
    const value = valueOf(config, field)
    const isHidden = field.secret && value !== undefined
    return {
      key: field.key,
      value: isHidden ? SECRET_MASK : (value ?? null),
      origin: origins[field.key] ?? 'default',
    }
  })
}

/**
 * Prints a configuration as a YAML file with the origin of each value as a comment.
 *
 * The text loads again to the same configuration, except for secrets: they are masked, and
 * commented out, so that nobody runs with the mask as secret.
 */
export function printConfig(loaded: LoadedConfig): string {
  const entries = new Map(configEntries(loaded).map((entry) => [entry.key, entry]))
  const lines: string[] = []
  let section = ''
  for (const { key, path, secret } of FIELDS) {
    const entry = entries.get(key)
    if (entry === undefined) continue
    const [name = '', ...parents] = [...path].reverse()
    const parent = parents.reverse().join('.')
    if (parent !== '' && parent !== section) lines.push(`${parent}:`)
    section = parent
    lines.push(`${parent === '' ? '' : '  '}${lineOf(name, entry, secret)}`)
  }
  return `${lines.join('\n')}\n`
}

/** JSON is YAML on one line, whatever the text holds; a plain `---` or `true` would be read as something else. */
function lineOf(name: string, { value, origin }: ConfigEntry, secret: boolean): string {
  if (value === null) return `# ${name}: not set (${origin})`
  const text = JSON.stringify(value)
  return secret ? `# ${name}: ${text} (${origin})` : `${name}: ${text} # ${origin}`
}

function valueOf(config: Config, { key, path }: ConfigField): ConfigValue | undefined {
  if (key === 'http') return formatListenAddress(config.http)
  let found: unknown = config
  for (const name of path) found = (found as Readonly<Record<string, unknown>>)[name]
  return found as ConfigValue | undefined
}
