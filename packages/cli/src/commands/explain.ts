/**
 * `rollcall explain`: why something is there, or is not.
 *
 * @module
 */

import type { Command } from 'commander'
import type { Explanation } from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { jsonLine, tableLines, timeText } from '../output.ts'
import { present } from '../present.ts'

/** Adds the command. */
export function addExplain(program: Command, context: CommandContext): void {
  const command = program
    .command('explain')
    .description('say why a service or an instance is there, or is not')
    .argument('<service>')
    .argument('[id]')
  withClientOptions(command).action(
    async (service: string, id: string | undefined, flags: ClientFlags) => {
      await using connection = await connect(flags, context)
      const explanation = await connection.client.explain({ service, ...present({ id }) })
      const { out } = context.io
      if (connection.json) out(jsonLine(explanation))
      else for (const line of linesOf(explanation)) out(line)
    },
  )
}

function linesOf({ verdict, sentence, elsewhere, history, node }: Explanation): string[] {
  const places = elsewhere.map(({ env, zone, id }) => [env, zone, id])
  const events = history.map(({ at, event, node: on, detail = '' }) => {
    return [timeText(at), event, on, detail]
  })
  return [
    `${verdict}: ${sentence}`,
    `Answered by node ${node}.`,
    ...(places.length === 0 ? [] : ['', ...tableLines(['ELSEWHERE IN', 'ZONE', 'ID'], places)]),
    ...(events.length === 0 ? [] : ['', ...tableLines(['AT', 'EVENT', 'NODE', 'DETAIL'], events)]),
  ]
}
