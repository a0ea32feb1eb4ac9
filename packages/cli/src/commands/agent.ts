/**
 * `rollcall agent`: registers this machine and what listens on it, until interrupted.
 *
 * @module
 */

import type { Command } from 'commander'
import { registrySettings, withRegistryOptions, type RegistryFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { lineLog } from '../line-log.ts'

/** Adds the command. */
export function addAgent(program: Command, context: CommandContext): void {
  const command = program
    .command('agent')
    .description('register this machine and the services that listen on it, until interrupted')
  withRegistryOptions(command).action(async (flags: RegistryFlags) => {
    const { io, env, hostname } = context
    using lifetime = context.openLifetime()
    // Only this command needs it.
    const { runAgent } = await import('@rollcall/agent')
    await runAgent({
      ...registrySettings(flags, env),
      hostname,
      signal: lifetime.signal,
      print: io.out,
      log: lineLog(io, { json: false }),
    })
  })
}
