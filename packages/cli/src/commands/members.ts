/**
 * `rollcall members` and `rollcall members remove`: who is in the cluster, and who no longer is.
 *
 * @module
 */

import type { Command } from 'commander'
import type { Member } from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { formatDuration } from '../durations.ts'
import { jsonLine, tableLines } from '../output.ts'

const HEADINGS = ['ID', 'ADDRESS', 'ZONE', 'STATE', 'HEARD', 'OUTBOX', 'LAG', 'DIGEST', 'CLOCK']

/** Adds the commands. */
export function addMembers(program: Command, context: CommandContext): void {
  const { out } = context.io
  const list = program
    .command('members')
    .description('list the nodes of the cluster, as the node that answers sees them')
  withClientOptions(list).action(async (flags: ClientFlags) => {
    await using connection = await connect(flags, context)
    const { members } = await connection.client.members()
    if (connection.json) out(jsonLine({ members }))
    else for (const line of tableLines(HEADINGS, members.map(rowOf))) out(line)
  })
  const remove = list
    .command('remove')
    .description('take a node that will not come back out of the cluster')
    .argument('<id>')
  withClientOptions(remove).action(async (id: string, _flags: ClientFlags, command: Command) => {
    // Options may stand before `remove` too, where they are those of the list.
    await using connection = await connect(command.optsWithGlobals<ClientFlags>(), context)
    const { planes } = await connection.client.removeMember(id)
    const isLeaving = planes.length > 0
    if (connection.json) out(jsonLine({ removed: id, leaving: isLeaving }))
    else out(isLeaving ? `${id} is alive and was told to leave.` : `Removed ${id}.`)
  })
}

function rowOf({ id, http, zone, self, planes }: Member): string[] {
  const { state, outbox, lag, digestEqual, clockOffsetMs } = planes.instances
  const place = [id, http.replace(/^https?:\/\//, ''), zone, state]
  // About itself a node has nothing to tell.
  if (self) return [...place, 'asked', '-', '-', '-', '-']
  return [
    ...place,
    heardText(planes.instances),
    String(outbox),
    formatDuration(lag),
    digestText(digestEqual),
    offsetText(clockOffsetMs),
  ]
}

function heardText({ state, lastHeardMs }: Member['planes']['instances']): string {
  if (lastHeardMs !== null) return `${formatDuration(lastHeardMs)} ago`
  // Nobody listens for one that is out.
  return state === 'removed' ? '-' : 'never'
}

function digestText(isEqual: boolean | null): string {
  if (isEqual === null) return '-'
  return isEqual ? 'equal' : 'differs'
}

/** Ahead of the node that was asked with a plus. */
function offsetText(offsetMs: number | null): string {
  if (offsetMs === null) return '-'
  return `${offsetMs < 0 ? '-' : '+'}${formatDuration(Math.abs(offsetMs))}`
}
