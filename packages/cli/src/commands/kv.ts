/**
 * `rollcall kv`: keys and values.
 *
 * @module
 */

import type { Command } from 'commander'
import type { ListedKey } from '@rollcall/client'
import { LIMITS, RegistryError, invalidArgument } from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { freshnessOf, withFreshness, type FreshnessFlags } from '../freshness.ts'
import { leaseId, wholeNumber } from '../numbers.ts'
import { jsonLine, tableLines } from '../output.ts'
import { present } from '../present.ts'
import { base64Of } from '../value-text.ts'
import { addKvWatch } from './kv-watch.ts'

interface PutFlags extends ClientFlags {
  readonly ifRevision?: number
  readonly lease?: number
}

interface DeleteFlags extends ClientFlags {
  readonly ifRevision?: number
  readonly prefix?: string
}

interface ListFlags extends ClientFlags, FreshnessFlags {
  readonly prefix?: string
  readonly keysOnly?: true
}

const HEADINGS = ['KEY', 'BYTES', 'REVISION', 'CREATED', 'LEASE']

/** Adds the commands. */
export function addKv(program: Command, context: CommandContext): void {
  const kv = program.command('kv').description('read, write and watch keys')
  addGet(kv, context)
  addPut(kv, context)
  addDelete(kv, context)
  addList(kv, context)
  addKvWatch(kv, context)
}

function addGet(kv: Command, context: CommandContext): void {
  const command = kv
    .command('get')
    .description('print the value of a key, byte for byte')
    .argument('<key>')
  withClientOptions(withFreshness(command)).action(
    async (key: string, flags: ClientFlags & FreshnessFlags) => {
      await using connection = await connect(flags, context)
      const entry = await connection.client.kv.get(key, freshnessOf(flags))
      if (!entry) throw keyNotFound(key)
      if (connection.json) context.io.out(jsonLine(jsonOf(entry)))
      else await context.io.bytes(entry.value)
    },
  )
}

function addPut(kv: Command, context: CommandContext): void {
  const command = kv
    .command('put')
    .description('set a key')
    .argument('<key>')
    .argument('[value]', 'text; default: the bytes of standard input')
    .option(
      '--if-revision <REVISION>',
      'only if the key has this revision; 0: if it is not there',
      wholeNumber('--if-revision'),
    )
    .option('--lease <ID>', 'a lease with which the key ends', leaseId)
  withClientOptions(command).action(
    async (key: string, text: string | undefined, flags: PutFlags) => {
      const value = text ?? (await context.readInput(LIMITS.kvValueMaxBytes))
      await using connection = await connect(flags, context)
      const { ifRevision, lease } = flags
      const answer = await connection.client.kv.put(key, value, present({ ifRevision, lease }))
      const done = answer.created ? 'Created' : 'Changed'
      if (connection.json) context.io.out(jsonLine(answer))
      else context.io.out(`${done} ${key} at revision ${answer.modRevision}.`)
    },
  )
}

function addDelete(kv: Command, context: CommandContext): void {
  const command = kv
    .command('delete')
    .description('delete a key, or all below a prefix')
    .argument('[key]')
    .option(
      '--if-revision <REVISION>',
      'only if the key has this revision',
      wholeNumber('--if-revision'),
    )
    .option('--prefix <PREFIX>', 'delete every key that starts so, up to 10,000')
  withClientOptions(command).action(async (key: string | undefined, flags: DeleteFlags) => {
    const { prefix, ifRevision } = flags
    if (prefix !== undefined) {
      if (key !== undefined || ifRevision !== undefined) throw eitherOr()
      await deletePrefix(prefix, flags, context)
    } else if (key === undefined) throw eitherOr()
    else await deleteKey(key, flags, context)
  })
}

async function deleteKey(key: string, flags: DeleteFlags, context: CommandContext): Promise<void> {
  await using connection = await connect(flags, context)
  const { ifRevision } = flags
  const { deleted, revision } = await connection.client.kv.delete(key, present({ ifRevision }))
  if (!deleted) throw keyNotFound(key)
  if (connection.json) context.io.out(jsonLine({ deleted: 1, revision }))
  else context.io.out(`Deleted ${key}.`)
}

async function deletePrefix(
  prefix: string,
  flags: DeleteFlags,
  context: CommandContext,
): Promise<void> {
  await using connection = await connect(flags, context)
  const answer = await connection.client.kv.deletePrefix(prefix)
  const count = answer.deleted === 1 ? '1 key' : `${answer.deleted} keys`
  if (connection.json) context.io.out(jsonLine(answer))
  else context.io.out(`Deleted ${count}.`)
}

function addList(kv: Command, context: CommandContext): void {
  const command = kv
    .command('list')
    .description('list keys, in the order of their bytes')
    .option('--prefix <PREFIX>', 'only keys that start so')
    .option('--keys-only', 'only their names, one a line')
  withClientOptions(withFreshness(command)).action(async (flags: ListFlags) => {
    await using connection = await connect(flags, context)
    const { prefix, keysOnly } = flags
    const query = { ...freshnessOf(flags), ...present({ prefix, keysOnly }) }
    const found = connection.client.kv.every(query)
    const { out } = context.io
    if (connection.json) {
      const entries: object[] = []
      for await (const entry of found) entries.push(jsonOf(entry))
      out(jsonLine({ entries }))
    } else if (keysOnly === true) for await (const { key } of found) out(key)
    else {
      const rows: string[][] = []
      for await (const entry of found) rows.push(rowOf(entry))
      for (const line of tableLines(HEADINGS, rows)) out(line)
    }
  })
}

function rowOf({ key, value, modRevision, createRevision, lease }: ListedKey): string[] {
  return [
    key,
    String(value?.length ?? 0),
    String(modRevision),
    String(createRevision),
    lease === undefined ? '-' : String(lease),
  ]
}

/** As it is on the wire. */
function jsonOf({ value, ...entry }: ListedKey): object {
  return value === undefined ? entry : { ...entry, valueBase64: base64Of(value) }
}

function keyNotFound(key: string): RegistryError {
  return new RegistryError('key_not_found', `There is no key "${key}".`, { details: { key } })
}

function eitherOr(): RegistryError {
  return invalidArgument('Name one key, or a --prefix without a key and without --if-revision.')
}
