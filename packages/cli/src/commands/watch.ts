/**
 * `rollcall watch`: what is there, then what changes, until interrupted.
 *
 * @module
 */

import type { Command } from 'commander'
import type { WatchEvent } from '@rollcall/client'
import type { Instance } from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { filtersOf, withFilters, type FilterFlags } from '../filters.ts'
import { jsonLine } from '../output.ts'
import { protectedText } from '../protected-text.ts'

type Flags = ClientFlags & FilterFlags

/** Adds the command. */
export function addWatch(program: Command, context: CommandContext): void {
  const command = program
    .command('watch')
    .description('print the instances of services, then each change, until interrupted')
    .argument('<service...>')
  withClientOptions(withFilters(command)).action(async (services: string[], flags: Flags) => {
    await using connection = await connect(flags, context)
    using lifetime = context.openLifetime()
    const query = { ...filtersOf(flags), services, signal: lifetime.signal }
    const { out } = context.io
    for await (const event of connection.client.watch(query)) {
      if (connection.json) out(jsonLine(event))
      else for (const line of linesOf(event)) out(line)
    }
  })
}

/** Each line starts with what it is: `=` there, `+` new or changed, `-` gone. */
function linesOf(event: WatchEvent): readonly string[] {
  if (event.kind === 'resync') return [`* starting over (${event.data.reason})`]
  if (event.kind === 'change') {
    const { service, upserted, removed } = event.data
    return [
      ...upserted.map((instance) => `+ ${instanceText(instance)}`),
      ...removed.map(({ zone, id, reason }) => `- ${service} ${id} ${zone} ${reason}`),
    ]
  }
  const { service, env, known, instances } = event.data
  const count = instances.length === 1 ? '1 instance' : `${instances.length} instances`
  const protection = protectedText(event.data.protected)
  return [
    `* ${service} in ${env}: ${known ? count : 'never seen here'}`,
    ...(protection === undefined ? [] : [`* ${protection}`]),
    ...instances.map((instance) => `= ${instanceText(instance)}`),
  ]
}

function instanceText({ service, id, zone, status, addresses, heldSince }: Instance): string {
  const held = heldSince === undefined ? [] : ['held']
  return [service, id, zone, status, ...addresses, ...held].join(' ')
}
