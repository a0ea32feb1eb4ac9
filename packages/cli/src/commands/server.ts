/**
 * `rollcall server` and `rollcall config print`: both take the options of a node, which the
 * server itself lists, reads and checks.
 *
 * @module
 */

import { Option, type Command } from 'commander'
import { invariant } from '@rollcall/runtime'
import { wantsJson } from '../client-options.ts'
import type { CommandContext, Environment } from '../context.ts'
import type { ServerFlags, ServerModule, ServerOption } from '../server-module.ts'

const LOADED = 'a command line that names the server has it loaded'

/** Says whether a command line may name one of these commands, so that the server must be loaded. */
export function mayNameServer(argv: readonly string[]): boolean {
  const [command, of] = argv.filter((word) => !word.startsWith('-'))
  const named = command === 'help' ? of : command
  return named === 'server' || named === 'config'
}

/** Adds the commands. Without the server they only show in the help. */
export function addServer(
  program: Command,
  context: CommandContext,
  server: ServerModule | undefined,
): void {
  const options = server?.serverOptions ?? []
  const { io } = context
  const run = program.command('server').description('run a registry node, until interrupted')
  withServerOptions(run, options).action(async (flags: ServerFlags) => {
    invariant(server !== undefined, LOADED)
    using lifetime = context.openLifetime()
    const code = await server.runServer({
      flags,
      env: environmentOf(context),
      stdout: io.out,
      signal: lifetime.signal,
    })
    context.exitWith(code)
  })
  const config = program.command('config').description('look at the configuration of a node')
  const print = config
    .command('print')
    .description('print each option with its value and where that comes from')
    .option('--json', 'print JSON (env: ROLLCALL_JSON)')
  withServerOptions(print, options).action(async ({ json, ...flags }: ServerFlags) => {
    invariant(server !== undefined, LOADED)
    const text = await server.printConfig({
      flags,
      env: environmentOf(context),
      json: json === true || wantsJson(context.env),
    })
    io.out(text.trimEnd())
  })
}

/** Values pass as they are: what may stand there is the server's to say, from every source alike. */
function withServerOptions(command: Command, options: readonly ServerOption[]): Command {
  for (const { flag, argument, description, env } of options) {
    const value = argument === undefined ? '' : ` <${argument}>`
    command.addOption(new Option(`${flag}${value}`, `${description} (env: ${env})`))
  }
  return command
}

/** The server refuses variables that it does not know; these are only ours. */
function environmentOf({ env }: CommandContext): Environment {
  const { ROLLCALL_PARENT_PIPE: _pipe, ROLLCALL_LEASE: _lease, ...others } = env
  return others
}
