/**
 * Makes the one configuration of a node: defaults, then the file, then the environment, then
 * flags; each wins over those before it. Whatever is wrong is told at once.
 *
 * @module
 */

import { invalidArgument, type RegistryError } from '@rollcall/protocol'
import { envLayer, type Environment } from './env-layer.ts'
import { CONFIG_FILE_OPTION, FIELDS } from './fields.ts'
import { fileLayer } from './file-layer.ts'
import { flagLayer, type Flags } from './flag-layer.ts'
import type { Layer, Origin, RawSetting } from './layer.ts'
import { parseListenAddress, parsePeerAddress } from './listen-address.ts'
import { isMisfit, readText, readTyped, type ConfigValue } from './read-value.ts'
import type { Config, Settings } from './schema.ts'

export interface ConfigSources {
  readonly flags: Flags
  readonly env: Environment
  /** `readConfigFile`, or a fake. Its failures are reported as problems. */
  readonly readFile: (path: string) => string
  /** The name of the machine, the default of `id`. */
  readonly hostname: string
}

export interface LoadedConfig {
  readonly config: Config
  /** Where the value of each key comes from, by `ConfigField.key`. */
  readonly origins: Readonly<Record<string, Origin>>
}

interface Chosen {
  readonly value: ConfigValue
  readonly origin: Origin
}

/**
 * Reads and checks every source.
 *
 * Throws one `RegistryError` `invalid_argument` that lists all problems, also those of values
 * that a later source overrides; `details.problems` has them one by one. No message holds a secret.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const given = [...fileLayers(sources), envLayer(sources.env), flagLayer(sources.flags)]
  const layers = [defaultsLayer(sources.hostname, given), ...given]
  const problems = layers.flatMap((layer) => layer.problems)
  const chosen = new Map<string, Chosen>()
  for (const { origin, settings } of layers) {
    const read = origin === 'env' || origin === 'flag' ? readText : readTyped
    for (const setting of settings) {
      const value = read(setting)
      if (isMisfit(value)) problems.push(value.problem)
      else chosen.set(setting.field.key, { value, origin })
    }
  }
  if (problems.length > 0) throw invalidConfig(problems)
  return { config: configOf(chosen), origins: originsOf(chosen) }
}

function defaultsLayer(hostname: string, given: readonly Layer[]): Layer {
  const settings: RawSetting[] = FIELDS.flatMap((field) =>
    field.defaultValue === undefined
      ? []
      : [{ field, raw: field.defaultValue, label: `the default of ${field.key}` }],
  )
  const id = FIELDS.find(({ key }) => key === 'id')
  const isNamed = given.some((layer) => layer.settings.some(({ field }) => field === id))
  // A machine may have a name that is none of ours; that matters only when no other is given.
  if (id !== undefined && !isNamed) {
    settings.unshift({ field: id, raw: hostname, label: 'id (the name of the machine; set --id)' })
  }
  return { origin: 'default', settings, problems: [] }
}

/** At most one: the flag that names a file wins over the variable. */
function fileLayers({ flags, env, readFile }: ConfigSources): Layer[] {
  const path = flags['config'] ?? env[CONFIG_FILE_OPTION.envName]
  if (path === undefined) return []
  if (typeof path !== 'string' || path === '') return [brokenFile('the name of the file is empty')]
  let text: string
  try {
    text = readFile(path)
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    return [brokenFile(`the file ${path} cannot be read (${code})`)]
  }
  return [fileLayer(path, text)]
}

function brokenFile(problem: string): Layer {
  return { origin: 'file', settings: [], problems: [problem] }
}

/** The machine's own code of an error (`ENOENT`); anything without one is a bug. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

function invalidConfig(problems: readonly string[]): RegistryError {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  return invalidArgument(`The configuration has ${count}: ${problems.join('; ')}.`, { problems })
}

function configOf(chosen: ReadonlyMap<string, Chosen>): Config {
  const tree: Record<string, unknown> = {}
  for (const { key, path } of FIELDS) {
    const value = chosen.get(key)?.value
    if (value !== undefined) put(tree, path, value)
  }
  // Each value was checked against its own part of the schema.
  const settings = tree as Settings
  const http = parseListenAddress(settings.http)
  if (http === undefined) throw new Error('A checked address cannot be read again.')
  // In the one way of writing it in which nodes compare addresses.
  const advertise = settings.advertise && parsePeerAddress(settings.advertise)
  return Object.freeze({
    ...settings,
    ...(advertise !== undefined && { advertise }),
    http: Object.freeze(http),
    peers: Object.freeze(settings.peers),
    etcd: Object.freeze(settings.etcd),
    limits: Object.freeze(settings.limits),
  })
}

function put(tree: Record<string, unknown>, path: readonly string[], value: ConfigValue): void {
  const [name = '', ...rest] = path
  if (rest.length === 0) {
    tree[name] = value
    return
  }
  const branch = (tree[name] ?? {}) as Record<string, unknown>
  tree[name] = branch
  put(branch, rest, value)
}

function originsOf(chosen: ReadonlyMap<string, Chosen>): Readonly<Record<string, Origin>> {
  const origins = FIELDS.map(({ key }) => [key, chosen.get(key)?.origin ?? 'default'] as const)
  return Object.freeze(Object.fromEntries(origins))
}
