/**
 * The configuration of a node: read, checked, printed and described.
 *
 * @module
 */

export type { Environment } from './env-layer.ts'
export { CONFIG_FILE_OPTION, describeFields, type ConfigField, type FieldKind } from './fields.ts'
export { readConfigFile } from './file-layer.ts'
export type { Flags } from './flag-layer.ts'
export { ORIGINS, type Origin } from './layer.ts'
export { formatListenAddress, parseListenAddress, type ListenAddress } from './listen-address.ts'
export { loadConfig, type ConfigSources, type LoadedConfig } from './load-config.ts'
export { configEntries, printConfig, type ConfigEntry } from './print-config.ts'
export type { ConfigValue } from './read-value.ts'
export {
  ConfigSchema,
  LOG_LEVELS,
  type Config,
  type ConfigLimits,
  type ConfigMachines,
} from './schema.ts'
