/**
 * `rollcall lease`: what ends by itself when nobody keeps it alive.
 *
 * @module
 */

import type { Command } from 'commander'
import { RegistryError, type LeaseSummary, type LeaseView } from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { formatDuration, parseDuration } from '../durations.ts'
import { freshnessOf, withFreshness, type FreshnessFlags } from '../freshness.ts'
import { leaseId } from '../numbers.ts'
import { jsonLine, tableLines } from '../output.ts'
import { present } from '../present.ts'
import { addLeaseRun } from './lease-run.ts'

interface GrantFlags extends ClientFlags {
  readonly ttl: number
  readonly name?: string
}

interface ListFlags extends ClientFlags, FreshnessFlags {
  readonly name?: string
}

const HEADINGS = ['ID', 'NAME', 'KIND', 'TTL', 'STATE']

/** Adds the commands. */
export function addLease(program: Command, context: CommandContext): void {
  const lease = program.command('lease').description('leases, and the keys that end with them')
  addGrant(lease, context)
  addGet(lease, context)
  addList(lease, context)
  addKeepAlive(lease, context)
  addRevoke(lease, context)
  addLeaseRun(lease, context)
}

function addGrant(lease: Command, context: CommandContext): void {
  const command = lease
    .command('grant')
    .description('grant a lease and print its id')
    .requiredOption('--ttl <DURATION>', 'how long it lives without a sign of life', parseTtl)
    .option('--name <NAME>', 'by which it is found')
  withClientOptions(command).action(async (flags: GrantFlags) => {
    await using connection = await connect(flags, context)
    const { ttl, name } = flags
    const granted = await connection.client.leases.grant({ ttlMs: ttl, ...present({ name }) })
    // Alone, so that a script needs no tool to take it.
    context.io.out(connection.json ? jsonLine(granted) : String(granted.id))
  })
}

function addGet(lease: Command, context: CommandContext): void {
  const command = lease
    .command('get')
    .description('show a lease with its keys')
    .argument('<id>', '', leaseId)
  withClientOptions(withFreshness(command)).action(
    async (id: number, flags: ClientFlags & FreshnessFlags) => {
      await using connection = await connect(flags, context)
      const view = await connection.client.leases.get(id, freshnessOf(flags))
      const { out } = context.io
      if (connection.json) out(jsonLine(view))
      else for (const line of linesOf(view)) out(line)
    },
  )
}

function addList(lease: Command, context: CommandContext): void {
  const command = lease
    .command('list')
    .description('list leases, by name')
    .option('--name <PREFIX>', 'only leases whose name starts so')
  withClientOptions(withFreshness(command)).action(async (flags: ListFlags) => {
    await using connection = await connect(flags, context)
    const query = { ...freshnessOf(flags), ...present({ name: flags.name }) }
    const leases: LeaseSummary[] = []
    for await (const each of connection.client.leases.every(query)) leases.push(each)
    const { out } = context.io
    if (connection.json) out(jsonLine({ leases }))
    else for (const line of tableLines(HEADINGS, leases.map(rowOf))) out(line)
  })
}

function addKeepAlive(lease: Command, context: CommandContext): void {
  const command = lease
    .command('keepalive')
    .description('give leases their full ttl again, once')
    .argument('<id...>', '', collectIds)
  withClientOptions(command).action(async (ids: readonly number[], flags: ClientFlags) => {
    await using connection = await connect(flags, context)
    const answer = await connection.client.leases.keepAliveMany(ids)
    const { out } = context.io
    if (connection.json) out(jsonLine(answer))
    else {
      for (const { id, ttlMs } of answer.renewed) {
        out(`Lease ${id} lives for another ${formatDuration(ttlMs)}.`)
      }
    }
    if (answer.missing.length > 0) throw leasesNotFound(answer.missing)
  })
}

function addRevoke(lease: Command, context: CommandContext): void {
  const command = lease
    .command('revoke')
    .description('end a lease, and its keys with it')
    .argument('<id>', '', leaseId)
  withClientOptions(command).action(async (id: number, flags: ClientFlags) => {
    await using connection = await connect(flags, context)
    await connection.client.leases.revoke(id)
    context.io.out(connection.json ? jsonLine({ revoked: id }) : `Revoked lease ${id}.`)
  })
}

function linesOf({ id, name, kind, ttlMs, remainingMs, state, keys }: LeaseView): string[] {
  const named = name === '' ? '' : ` "${name}"`
  const left = formatDuration(Math.round(remainingMs / 1_000) * 1_000)
  return [
    `Lease ${id}${named} (${kind}, ${state}): ${left} of ${formatDuration(ttlMs)} left.`,
    ...keys,
  ]
}

function rowOf({ id, name, kind, ttlMs, state }: LeaseSummary): string[] {
  return [String(id), name || '-', kind, formatDuration(ttlMs), state]
}

function collectIds(text: string, before: readonly number[] = []): readonly number[] {
  return [...before, leaseId(text)]
}

function parseTtl(text: string): number {
  return parseDuration(text, '--ttl')
}

function leasesNotFound(ids: readonly number[]): RegistryError {
  const message = `There is no lease ${ids.join(', ')}; grant a new one.`
  return new RegistryError('lease_not_found', message, { details: { ids } })
}
