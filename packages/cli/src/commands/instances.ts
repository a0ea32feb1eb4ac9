/**
 * `rollcall instances`: where a service runs.
 *
 * @module
 */

import type { Command } from 'commander'
import type { Instance } from '@rollcall/protocol'
import { invariant } from '@rollcall/runtime'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { filtersOf, withFilters, type FilterFlags } from '../filters.ts'
import { jsonLine, tableLines, timeText } from '../output.ts'
import { protectedText } from '../protected-text.ts'

type Flags = ClientFlags & FilterFlags

const HEADINGS = ['ID', 'ENV', 'ZONE', 'STATUS', 'ADDRESSES', 'VERSION', 'WEIGHT', 'TAGS', 'HELD']

/** Adds the command. */
export function addInstances(program: Command, context: CommandContext): void {
  const command = program
    .command('instances')
    .description('list the instances of a service')
    .argument('<service>')
  withClientOptions(withFilters(command)).action(async (service: string, flags: Flags) => {
    await using connection = await connect(flags, context)
    const view = await connection.client.service(service, filtersOf(flags))
    invariant(view !== undefined, 'a read that waits for nothing has an answer')
    const { out } = context.io
    if (connection.json) {
      out(jsonLine(view))
      return
    }
    for (const line of tableLines(HEADINGS, view.instances.map(rowOf))) out(line)
    const protection = protectedText(view.protected)
    if (protection !== undefined) out(protection)
  })
}

function rowOf(instance: Instance): string[] {
  const { id, env, zone, status, addresses, version, weight, tags, heldSince } = instance
  return [
    id,
    env,
    zone,
    status,
    addresses.join(',') || '-',
    version || '-',
    String(weight),
    tags.join(',') || '-',
    heldSince === undefined ? '-' : `since ${timeText(heldSince)}`,
  ]
}
