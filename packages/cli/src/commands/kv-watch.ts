/**
 * `rollcall kv watch`: the keys that are there, then what changes, until interrupted.
 *
 * @module
 */

import type { Command } from 'commander'
import type { KvPutEvent, KvWatchEvent } from '@rollcall/client'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { wholeNumber } from '../numbers.ts'
import { jsonLine } from '../output.ts'
import { present } from '../present.ts'
import { base64Of, valueText } from '../value-text.ts'

interface Flags extends ClientFlags {
  readonly prefix?: string
  readonly from?: number
}

/** Adds the command. */
export function addKvWatch(kv: Command, context: CommandContext): void {
  const command = kv
    .command('watch')
    .description('print keys, then each change, until interrupted')
    .option('--prefix <PREFIX>', 'only keys that start so')
    .option('--from <REVISION>', 'only what changed after this revision', wholeNumber('--from'))
  withClientOptions(command).action(async (flags: Flags) => {
    await using connection = await connect(flags, context)
    using lifetime = context.openLifetime()
    const { prefix, from } = flags
    const query = { ...present({ prefix, from }), signal: lifetime.signal }
    const { out } = context.io
    for await (const event of connection.client.kv.watch(query)) {
      if (connection.json) out(jsonLine(jsonOf(event)))
      else for (const line of linesOf(event)) out(line)
    }
  })
}

/** Each line starts with what it is: `=` there, `+` put, `-` gone. */
function linesOf(event: KvWatchEvent): readonly string[] {
  if (event.kind === 'resync') return [`* starting over (${event.reason})`]
  if (event.kind === 'snapshot') {
    const lines = event.entries.map((entry) => `= ${putText(entry)}`)
    return event.more ? lines : [...lines, `* all at revision ${event.revision}`]
  }
  const { revision, puts, deletes } = event
  return [
    ...puts.map((put) => `+ ${putText(put)}`),
    ...deletes.map((key) => `- ${key} ${revision}`),
  ]
}

function putText({ key, value, modRevision, lease }: KvPutEvent): string {
  const ends = lease === undefined ? '' : ` lease ${lease}`
  return `${key} ${modRevision} ${valueText(value)}${ends}`
}

function jsonOf(event: KvWatchEvent): object {
  if (event.kind === 'resync') return event
  if (event.kind === 'change') return { ...event, puts: event.puts.map(wireOf) }
  return { ...event, entries: event.entries.map(wireOf) }
}

function wireOf({ value, ...put }: KvPutEvent): object {
  return { ...put, valueBase64: base64Of(value) }
}
