/**
 * `rollcall txn`: several compares and operations on keys as one step.
 *
 * @module
 */

import type { Command } from 'commander'
import type { TxnAnswer, TxnResult } from '@rollcall/client'
import { LIMITS } from '@rollcall/protocol'
import { connect, withClientOptions, type ClientFlags } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { EXIT } from '../errors.ts'
import { readInputFile } from '../input-file.ts'
import { jsonLine } from '../output.ts'
import { parseTxn } from '../txn-input.ts'
import { base64Of, valueText } from '../value-text.ts'

interface Flags extends ClientFlags {
  readonly file?: string
}

const HELP = `
The transaction is JSON, from standard input unless --file names one:

  {"compares":  [{"key": "a", "modRevision": 7}],
   "then":      [{"put": {"key": "a", "value": "text"}}, {"delete": {"key": "b"}}],
   "otherwise": [{"get": {"key": "a"}}]}

Compares: exists, modRevision, createRevision (with op =, < or >), value; of a prefix: empty,
unchangedSince. Operations: put (with lease), delete, deletePrefix, get. Where a value is no
text, valueBase64 has its bytes.

Exit code 1 when a compare did not hold; what "otherwise" did is done, and printed.`

/** Adds the command. */
export function addTxn(program: Command, context: CommandContext): void {
  const command = program
    .command('txn')
    .description('do several things to keys as one step, if all compares hold')
    .option('--file <FILE>', 'where the transaction is')
    .addHelpText('after', HELP)
  withClientOptions(command).action(async (flags: Flags) => {
    const maxBytes = LIMITS.catalogBodyMaxBytes
    const { file } = flags
    const input = file === undefined ? context.readInput(maxBytes) : readInputFile(file, maxBytes)
    const txn = parseTxn(Buffer.from(await input).toString())
    await using connection = await connect(flags, context)
    const answer = await connection.client.txn(txn)
    const { out } = context.io
    if (connection.json) out(jsonLine({ ...answer, results: answer.results.map(wireOf) }))
    else for (const line of linesOf(answer)) out(line)
    if (!answer.succeeded) context.exitWith(EXIT.failed)
  })
}

function linesOf({ succeeded, revision, results }: TxnAnswer): readonly string[] {
  const first = succeeded ? 'Succeeded' : 'Not done, a compare did not hold'
  return [`${first}, at revision ${revision}.`, ...results.map(lineOf)]
}

function lineOf(result: TxnResult): string {
  if ('put' in result) return `put ${result.put.modRevision}`
  if ('deleted' in result) return `deleted ${result.deleted}`
  const { get } = result
  return get === null ? 'got nothing' : `got ${get.modRevision} ${valueText(get.value)}`
}

function wireOf(result: TxnResult): object {
  if (!('get' in result) || result.get === null) return result
  const { value, modRevision } = result.get
  return { get: { valueBase64: base64Of(value), modRevision } }
}
