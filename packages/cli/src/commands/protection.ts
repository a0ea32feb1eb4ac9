/**
 * `rollcall protection`: an operator overrules the protection of a service.
 *
 * @module
 */

import { Argument, type Command } from 'commander'
import { PROTECTION_ACTIONS, type ProtectionAction } from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { jsonLine } from '../output.ts'
import { protectedText } from '../protected-text.ts'

/** Adds the command. */
export function addProtection(program: Command, context: CommandContext): void {
  const command = program
    .command('protection')
    .description('end the protection of a service now, or forbid or allow it from now on')
    .argument('<service>')
    .addArgument(new Argument('<action>').choices(PROTECTION_ACTIONS))
  withClientOptions(command).action(
    async (service: string, action: ProtectionAction, flags: ClientFlags) => {
      await using connection = await connect(flags, context)
      const answer = await connection.client.protect(service, action)
      const { out } = context.io
      if (connection.json) {
        out(jsonLine(answer))
        return
      }
      const may = answer.forbidden ? 'forbidden' : 'allowed'
      out(
        `Protection of ${service} is ${may}. ${protectedText(answer.protected) ?? 'It holds nothing.'}`,
      )
    },
  )
}
