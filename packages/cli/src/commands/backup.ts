/**
 * `rollcall backup`: everything in the catalog into a file, or to whoever reads the output.
 *
 * @module
 */

import type { Command } from 'commander'
import { RegistryError, invalidArgument } from '@rollcall/protocol'
import { systemClock } from '@rollcall/runtime'
import { unlessBrokenOff } from '../broken-off.ts'
import { byteText } from '../byte-text.ts'
import { connect, withClientOptions, type ClientFlags, type Connection } from '../client-options.ts'
import type { CommandContext } from '../context.ts'
import { jsonLine } from '../output.ts'
import { WholeFile } from '../whole-file.ts'

/** How often the progress is told. */
const TELL_EVERY_MS = 2_000
const OUTPUT = '-'

/** Adds the command. */
export function addBackup(program: Command, context: CommandContext): void {
  const command = program
    .command('backup')
    .description('save everything in the catalog')
    .argument('[file]', 'written when all of it is there; default, and `-`: standard output')
  withClientOptions(command).action(async (path: string | undefined, flags: ClientFlags) => {
    if (path === undefined && context.io.isTerminal) {
      throw invalidArgument('Name a file, or let another program read the output.')
    }
    if (path === undefined || path === OUTPUT) await toOutput(flags, context)
    else await toFile(path, flags, context)
  })
}

/** The command fails when the backup is not whole; whoever reads it has to look for that. */
async function toOutput(flags: ClientFlags, context: CommandContext): Promise<void> {
  await using connection = await connect(flags, context)
  using lifetime = context.openLifetime()
  const { signal } = lifetime
  await unlessBrokenOff(signal, brokenOff('what was written of it is none'), async () => {
    const download = await connection.client.backups.read({ signal })
    for await (const chunk of download.chunks) await context.io.bytes(chunk)
  })
}

async function toFile(path: string, flags: ClientFlags, context: CommandContext): Promise<void> {
  await using connection = await connect(flags, context)
  using lifetime = context.openLifetime()
  const { signal } = lifetime
  await unlessBrokenOff(signal, brokenOff('nothing of it is kept'), () =>
    save(path, connection, { context, signal }),
  )
}

interface Saving {
  readonly context: CommandContext
  readonly signal: AbortSignal
}

async function save(path: string, connection: Connection, saving: Saving): Promise<void> {
  const { context, signal } = saving
  const { out, err } = context.io
  const download = await connection.client.backups.read({ signal })
  await using file = await WholeFile.open(path)
  let bytes = 0
  let toldMs = systemClock.monotonicMs()
  for await (const chunk of download.chunks) {
    await file.write(chunk)
    bytes += chunk.length
    const nowMs = systemClock.monotonicMs()
    if (connection.json || nowMs - toldMs < TELL_EVERY_MS) continue
    toldMs = nowMs
    err(`${byteText(bytes)} so far`)
  }
  await file.finish()
  const { revision, count = 0 } = { ...download.whole(), revision: download.revision }
  if (connection.json) out(jsonLine({ file: path, revision, count, bytes }))
  else out(`Saved ${count} keys as of revision ${revision} to ${path}, ${byteText(bytes)}.`)
}

function brokenOff(result: string): RegistryError {
  return new RegistryError('unavailable', `The backup was broken off here; ${result}.`)
}
