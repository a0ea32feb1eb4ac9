/**
 * `rollcall resource move` and `copy`: from one namespace to another.
 *
 * @module
 */

import type { Command } from 'commander'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { pathOf, pathText } from '../namespace-path.ts'
import { jsonLine } from '../output.ts'

interface Flags extends ClientFlags {
  readonly from: string
  readonly to: string
}

const KINDS = {
  move: { description: 'move resources to another namespace; they keep their ids', done: 'Moved' },
  copy: { description: 'copy resources to another namespace, under new ids', done: 'Copied' },
} as const

/** Adds the commands. */
export function addResourceTransfers(resource: Command, context: CommandContext): void {
  for (const kind of ['move', 'copy'] as const) addTransfer(resource, kind, context)
}

function addTransfer(resource: Command, kind: keyof typeof KINDS, context: CommandContext): void {
  const command = resource
    .command(kind)
    .description(KINDS[kind].description)
    .argument('<type>')
    .argument('<id...>')
    .requiredOption('--from <PATH>', 'the namespace that has them')
    .requiredOption('--to <PATH>', 'the namespace that shall have them')
  withClientOptions(command).action(async (type: string, ids: readonly string[], flags: Flags) => {
    await using connection = await connect(flags, context)
    const transfer = { from: pathOf(flags.from), to: pathOf(flags.to), ids: [...ids] }
    const answer = await connection.client.resources[kind](type, transfer)
    const count = answer.resources.length
    const what = count === 1 ? '1 resource' : `${count} resources`
    const { out } = context.io
    if (connection.json) out(jsonLine(answer))
    else {
      out(`${KINDS[kind].done} ${what} to ${pathText(transfer.to)} at revision ${answer.revision}.`)
    }
  })
}
