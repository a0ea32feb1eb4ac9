/**
 * The registry node, for whoever starts one: the command line, tests, benchmarks.
 *
 * @module
 */

export { loadConfig, type Config } from './config/index.ts'
export { RegistryNode, type NodeOptions } from './node.ts'
export {
  printConfig,
  runServer,
  serverOptions,
  type CommandSources,
  type RunServerOptions,
  type ServerOption,
} from './run-server.ts'
