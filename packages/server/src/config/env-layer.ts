/**
 * The environment: variables that start with `ROLLCALL_`.
 *
 * @module
 */

import { CONFIG_FILE_OPTION, ENV_PREFIX, FIELDS } from './fields.ts'
import { nearKey, unknownKey, type Layer, type RawSetting } from './layer.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Variables that are ours, but not options of a node: the file's name, and what client commands read. */
const OTHERS: ReadonlySet<string> = new Set([
  CONFIG_FILE_OPTION.envName,
  ...['SERVER', 'JSON', 'TIMEOUT'].map((name) => ENV_PREFIX + name),
])

// Kubernetes describes every service to every pod this way. One named `rollcall` must not keep us from starting.
const SERVICE_LINK =
  /^ROLLCALL_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/

/** Reads the variables of a node. An unknown one is a problem, since it is most likely a slip. */
export function envLayer(env: Environment): Layer {
  const settings: RawSetting[] = []
  const problems: string[] = []
  for (const [name, raw] of Object.entries(env)) {
    if (raw === undefined || !name.startsWith(ENV_PREFIX) || OTHERS.has(name)) continue
    const field = FIELDS.find(({ envName }) => envName === name)
    if (field !== undefined) settings.push({ field, raw, label: name })
    else if (!SERVICE_LINK.test(name)) problems.push(unknownKey(name, nearVariable(name)))
  }
  return { origin: 'env', settings, problems }
}

function nearVariable(name: string): string | undefined {
  const key = nearKey(name.slice(ENV_PREFIX.length))
  return FIELDS.find((field) => field.key === key)?.envName
}
