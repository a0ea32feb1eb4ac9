/**
 * `rollcall cancel`: takes an instance out of its service.
 *
 * @module
 */

import type { Command } from 'commander'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { jsonLine } from '../output.ts'

/** Adds the command. */
export function addCancel(program: Command, context: CommandContext): void {
  const command = program
    .command('cancel')
    .description('cancel an instance')
    .argument('<service>')
    .argument('<id>')
  withClientOptions(command).action(async (service: string, id: string, flags: ClientFlags) => {
    await using connection = await connect(flags, context)
    await connection.client.cancel({ service, id })
    const { out } = context.io
    out(connection.json ? jsonLine({ cancelled: { service, id } }) : `Cancelled ${service} ${id}.`)
  })
}
