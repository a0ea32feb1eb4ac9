/**
 * `rollcall services`: what there is.
 *
 * @module
 */

import type { Command } from 'commander'
import type { ServiceSummary } from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { jsonLine, tableLines } from '../output.ts'
import { present } from '../present.ts'

interface Flags extends ClientFlags {
  readonly prefix?: string
}

const HEADINGS = ['SERVICE', 'ENV', 'INSTANCES', 'UP', 'ZONES', 'PROTECTED']

/** Adds the command. */
export function addServices(program: Command, context: CommandContext): void {
  const command = program
    .command('services')
    .description('list services')
    .option('--prefix <TEXT>', 'only services whose name starts so')
  withClientOptions(command).action(async (flags: Flags) => {
    await using connection = await connect(flags, context)
    const services: ServiceSummary[] = []
    for await (const service of connection.client.everyService(present({ prefix: flags.prefix }))) {
      services.push(service)
    }
    const { out } = context.io
    if (connection.json) out(jsonLine({ services }))
    else for (const line of tableLines(HEADINGS, services.map(rowOf))) out(line)
  })
}

function rowOf(summary: ServiceSummary): string[] {
  const { service, env, instanceCount, upCount, zones } = summary
  const counts = Object.entries(zones).map(([zone, count]) => `${zone}:${count}`)
  const reason = summary.protected?.reason ?? '-'
  return [service, env, String(instanceCount), String(upCount), counts.join(',') || '-', reason]
}
