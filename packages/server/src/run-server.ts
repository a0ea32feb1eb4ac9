/**
 * `rollcall server` and `rollcall config print`: from flags and environment to a node, or to
 * what a node would be.
 *
 * @module
 */

import { hostname } from 'node:os'
import { systemClock, systemRandom } from '@rollcall/runtime'
import {
  CONFIG_FILE_OPTION,
  configEntries,
  describeFields,
  loadConfig,
  printConfig as configAsYaml,
  readConfigFile,
  type Environment,
  type Flags,
  type LoadedConfig,
} from './config/index.ts'
import { RegistryNode } from './node.ts'
import { createLog } from './telemetry/index.ts'

export interface CommandSources {
  /** What the command line said, by the names of the options in camel case. */
  readonly flags: Flags
  readonly env: Environment
}

export interface RunServerOptions extends CommandSources {
  readonly stdout: (line: string) => void
  /** Aborting stops the node. */
  readonly signal: AbortSignal
}

/** Runs a node until `signal` aborts, and answers the exit code. Rejects when it cannot start. */
export async function runServer(options: RunServerOptions): Promise<number> {
  const { config } = load(options)
  const node = new RegistryNode({
    config,
    clock: systemClock,
    random: systemRandom,
    log: createLog({ level: config.logLevel }),
    onReady: (url) => {
      options.stdout(`listening on ${url}`)
    },
  })
  await node.run(options.signal)
  return 0
}

/** The configuration that a node would have, each value with its origin; secrets are masked. */
export async function printConfig({
  json,
  ...sources
}: CommandSources & { readonly json: boolean }): Promise<string> {
  const loaded = load(sources)
  return json ? JSON.stringify(configEntries(loaded), null, 2) : configAsYaml(loaded)
}

/** An option of the server, for a command line. */
export interface ServerOption {
  /** `--http` */
  readonly flag: string
  /** What follows it; a switch has none. */
  readonly argument?: string
  readonly description: string
  readonly env: string
}

export const serverOptions: readonly ServerOption[] = [
  {
    flag: CONFIG_FILE_OPTION.flagName,
    argument: CONFIG_FILE_OPTION.placeholder,
    description: CONFIG_FILE_OPTION.description,
    env: CONFIG_FILE_OPTION.envName,
  },
  ...describeFields().flatMap(({ flagName, placeholder, description, envName, defaultText }) => {
    if (flagName === undefined) return []
    const told = `${description} Default: ${defaultText}.`
    const option = { flag: flagName, description: told, env: envName }
    return placeholder === undefined ? option : { ...option, argument: placeholder }
  }),
]

function load({ flags, env }: CommandSources): LoadedConfig {
  return loadConfig({ flags, env, readFile: readConfigFile, hostname: hostname() })
}
